import { QfxError } from '../errors.js';
import { validateKHot } from './k-hot.js';
import { elementCount } from './shape.js';
import { maximumWordLength, overflows, roundings, spreadAt, spreadValues, widestWord } from './type.js';
import type { FixedPointFormat, FixedPointType, Spread, TensorFormat, TensorType } from './type.js';

/** Binary points reach from minus this to this, in bits. */
export const maximumBinaryPoint = 1024;

/**
 * Throws unless the format is one that QFX carries: a word length of 0 to 64 bits, a binary point within +-1024.
 * @param where what the error says first, for example `layer "conv1"`
 */
export function validateFormat(format: FixedPointFormat, where: string): void {
  validateSigned(format.signed, where);
  validateWordLength(format.wordLength, where);
  validateBinaryPoint(format.binaryPoint, where);
}

/** Throws unless the format is valid and its modes are defined for it (AP_SAT_SYM has no meaning on one signed bit). */
export function validateType(type: FixedPointType, where: string): void {
  validateFormat(type, where);
  validateModes(type, where);
  validateSymmetricSaturation(type, type.wordLength, where);
}

/** Throws unless every element of a tensor of this shape has a valid format. */
export function validateTensorFormat(format: TensorFormat, shape: readonly number[], where: string): void {
  validateSigned(format.signed, where);
  validateSpread(format.wordLength, shape, `${where}: wordLength`);
  validateSpread(format.binaryPoint, shape, `${where}: binaryPoint`);
  for (const wordLength of spreadValues(format.wordLength)) validateWordLength(wordLength, where);
  for (const binaryPoint of spreadValues(format.binaryPoint)) validateBinaryPoint(binaryPoint, where);
  if (format.kHot !== undefined) validateKHot(format.kHot, widestWord(format.wordLength), where);
}

/** Throws unless every element of a tensor of this shape has a valid type; K-hot are constants only, nothing is cast to them. */
export function validateTensorType(type: TensorType, shape: readonly number[], where: string): void {
  if (type.kHot !== undefined) throw new QfxError(where, 'a K-hot type, allowed for constants only');
  validateTensorFormat(type, shape, where);
  validateModes(type, where);
  for (const wordLength of spreadValues(type.wordLength)) validateSymmetricSaturation(type, wordLength, where);
}

/** The scalar format of one element (row-major index) of a tensor. */
export function formatAt(format: TensorFormat, shape: readonly number[], index: number): FixedPointFormat {
  return {
    signed: format.signed,
    wordLength: spreadAt(format.wordLength, shape, index),
    binaryPoint: spreadAt(format.binaryPoint, shape, index),
  };
}

function validateSigned(signed: unknown, where: string): void {
  if (typeof signed !== 'boolean') throw new QfxError(where, `signed is ${String(signed)}, allowed: true or false`);
}

function validateWordLength(wordLength: number, where: string): void {
  if (!Number.isInteger(wordLength) || wordLength < 0 || wordLength > maximumWordLength) {
    throw new QfxError(where, `word length ${wordLength}, allowed: whole numbers 0 to ${maximumWordLength}`);
  }
}

function validateBinaryPoint(binaryPoint: number, where: string): void {
  if (!Number.isInteger(binaryPoint) || Math.abs(binaryPoint) > maximumBinaryPoint) {
    const allowed = `whole numbers ${-maximumBinaryPoint} to ${maximumBinaryPoint}`;
    throw new QfxError(where, `binary point ${binaryPoint}, allowed: ${allowed}`);
  }
}

function validateModes({ rounding, overflow }: Pick<TensorType, 'rounding' | 'overflow'>, where: string): void {
  if (!roundings.includes(rounding)) {
    throw new QfxError(where, `rounding mode ${String(rounding)}, allowed: ${roundings.join(', ')}`);
  }
  if (!overflows.includes(overflow)) {
    throw new QfxError(where, `overflow mode ${String(overflow)}, allowed: ${overflows.join(', ')}`);
  }
}

function validateSymmetricSaturation(
  { signed, overflow }: Pick<TensorType, 'signed' | 'overflow'>,
  wordLength: number,
  where: string,
): void {
  if (overflow === 'AP_SAT_SYM' && signed && wordLength === 1) {
    throw new QfxError(
      where,
      'AP_SAT_SYM on a 1-bit signed type; implementations disagree on it, so use 2 bits or AP_SAT',
    );
  }
}

function validateSpread(spread: Spread, shape: readonly number[], where: string): void {
  if (typeof spread === 'number') return;
  if (typeof spread !== 'object' || spread === null) {
    throw new QfxError(where, `${String(spread)}, allowed: a number, { axis, values } or { elements }`);
  }
  const [found, expected, of] =
    'elements' in spread
      ? [spread.elements, elementCount(shape), `tensor of shape [${shape.join(', ')}]`]
      : [spread.values, shape[spread.axis], `axis ${spread.axis} of shape [${shape.join(', ')}]`];
  if (expected === undefined) throw new QfxError(where, `there is no ${of}`);
  if (!Array.isArray(found) || found.length !== expected) {
    const count = Array.isArray(found) ? found.length : 'no';
    throw new QfxError(where, `${count} values for the ${of}, which needs ${expected}`);
  }
}
