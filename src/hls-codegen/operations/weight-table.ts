import { alignTensor, largestBinaryPoint } from '../../qfx/number/align.js';
import { encodeKHot, kHotWord } from '../../qfx/hardware/k-hot-word.js';
import { termsOf } from '../../qfx/number/k-hot.js';
import type { IntegerTensor } from '../../qfx/number/raw-array.js';
import { isUniform, spreadAt, spreadValues } from '../../qfx/number/type.js';
import type { FixedPointFormat, KHot, Spread } from '../../qfx/number/type.js';
import { legalFormat } from '../cpp-text.js';
import type { ConfigurationType, Table } from './emitter.js';

/** Widest shift that the library's tables hold. */
const maximumShift = 255;

/** A constant tensor as the library takes it: entries of one word length. */
export interface ConstantTable {
  /** The type of the constants; with shifts, its binary point is the finest of all channels. */
  readonly format: FixedPointFormat;
  /** Raw integers, or words of the set. */
  readonly entries: ArrayLike<number | bigint>;
  readonly kHot?: KHot;
  /** Per output channel, how far its binary point lies below the finest; absent where all are equal. */
  readonly shifts?: readonly number[];
}

/**
 * The entries of a constant that values are multiplied with, whose last axis are the channels. Binary points that differ from channel to channel are kept
 * as shifts, so that multipliers stay narrow; any finer spread is aligned exactly to the finest binary point.
 * @param kHot the set whose words the entries are; undefined for raw integers
 * @throws QfxError where alignment would take more than 64 bits
 */
export function factorTable(tensor: IntegerTensor, kHot: KHot | undefined, where: string): ConstantTable {
  const table = byChannel(tensor) ?? alignedTable(tensor, where);
  return kHot ? { ...table, kHot, entries: kHotEntries(tensor, table, kHot) } : table;
}

/** Raw integers, and shifts for binary points that differ from channel to channel; undefined where shifts don't do. */
function byChannel(tensor: IntegerTensor): ConstantTable | undefined {
  const points = channelBinaryPoints(tensor);
  if (points === undefined) return undefined;
  const finest = largestBinaryPoint(tensor.format, tensor.shape);
  const shifts = points.map((point) => (point === undefined ? 0 : finest - point));
  if (shifts.some((shift) => shift > maximumShift)) return undefined;
  const wordLength = spreadValues(tensor.format.wordLength).reduce((widest, own) => Math.max(widest, own));
  const format = { signed: tensor.format.signed, wordLength, binaryPoint: finest };
  return { format, entries: tensor.raw, shifts: shifts.some((shift) => shift > 0) ? shifts : undefined };
}

/** Raw integers of a constant at its finest binary point. */
export function alignedTable(tensor: IntegerTensor, where: string): ConstantTable {
  const { format, raw } = alignTensor(tensor, largestBinaryPoint(tensor.format, tensor.shape), where);
  return { format, entries: raw };
}

/** The words of constants, each at the binary point that the table gives it. */
function kHotEntries({ shape, format, raw }: IntegerTensor, table: ConstantTable, kHot: KHot): bigint[] {
  const word = kHotWord(legalFormat(table.format), kHot);
  return Array.from<number | bigint, bigint>(raw, (value, index) => {
    // The bits that alignment has put below the constant's last one; shifts of channels come after the product.
    const below = table.shifts ? 0 : table.format.binaryPoint - spreadAt(format.binaryPoint, shape, index);
    const terms = termsOf(Number(value), kHot);
    return encodeKHot(
      terms.map((term) => ({ ...term, exponent: term.exponent + below })),
      word,
    );
  });
}

/** The type of a factor in a layer's configuration. */
export function factorType(name: string, { format, kHot }: ConstantTable): ConfigurationType {
  return { name, format, kHot };
}

/**
 * The comment above a table: what it holds, and of words what their bits are.
 * @param rest what follows the kind of its entries, for example `: a row is one step`
 */
export function tableComment(what: string, { format, kHot }: ConstantTable, rest = ''): string {
  if (!kHot) return `${what}, raw integers${rest}.`;
  const { terms, signBit } = kHotWord(legalFormat(format), kHot);
  const fields = terms.map(({ absent, firstBit, exponentBits, signBit: sign }, index) => {
    const bits = exponentBits === 1 ? `bit ${firstBit}` : `bits ${firstBit} to ${firstBit + exponentBits - 1}`;
    const field = `  ${bits}: exponent of power ${index + 1} (${absent}: there is none)`;
    return sign === undefined ? field : `${field}; bit ${sign}: it is subtracted`;
  });
  const sign = signBit === undefined ? [] : [`  bit ${signBit}: the number is negative`];
  return [`${what}, K-hot words (qfx/k_hot.h)${rest}.`, ...fields, ...sign].join('\n');
}

/** The table of shifts of a constant, or null. */
export function shiftTable(name: string, { shifts }: ConstantTable): Table | null {
  if (!shifts) return null;
  const comment = 'Bits that the binary point of each channel lies below the finest one.';
  return { name, comment, element: { cpp: 'unsigned char' }, dimensions: [shifts.length], values: shifts };
}

/**
 * The binary point of each channel (index of the last axis), undefined for one that is all zeros by its type;
 * nothing when the binary point varies inside a channel.
 */
function channelBinaryPoints({ format, shape, raw }: IntegerTensor): (number | undefined)[] | undefined {
  const channels = shape[shape.length - 1];
  const points = new Array<number | undefined>(channels).fill(undefined);
  const count =
    isUniform(format) || isByChannel([format.wordLength, format.binaryPoint], shape) ? channels : raw.length;
  for (let index = 0; index < count; index++) {
    if (spreadAt(format.wordLength, shape, index) === 0) continue;
    const point = spreadAt(format.binaryPoint, shape, index);
    const known = (points[index % channels] ??= point);
    if (known !== point) return undefined;
  }
  return points;
}

function isByChannel(spreads: readonly Spread[], shape: readonly number[]): boolean {
  return spreads.every(
    (spread) => typeof spread === 'number' || ('axis' in spread && spread.axis === shape.length - 1),
  );
}
