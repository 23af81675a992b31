import { QfxError } from '../errors.js';
import { makeRawArray } from './raw-array.js';
import type { IntegerTensor } from './raw-array.js';
import { elementCount } from './shape.js';
import { isUniform, maximumWordLength, spreadAt } from './type.js';
import type { FixedPointFormat, TensorFormat } from './type.js';
import { formatAt } from './validate-type.js';

/** An integer tensor whose elements share one word length and one binary point. */
export interface AlignedTensor extends IntegerTensor {
  readonly format: FixedPointFormat;
}

/**
 * The largest binary point among the elements of a tensor that can be other than 0 (word length above 0);
 * 0 when there is none.
 */
export function largestBinaryPoint(format: TensorFormat, shape: readonly number[]): number {
  if (isUniform(format)) return format.wordLength > 0 ? format.binaryPoint : 0;
  let largest = -Infinity;
  for (let index = 0; index < elementCount(shape); index++) {
    if (spreadAt(format.wordLength, shape, index) === 0) continue;
    largest = Math.max(largest, spreadAt(format.binaryPoint, shape, index));
  }
  return largest === -Infinity ? 0 : largest;
}

/**
 * The same values as raw integers at one common binary point, which is at least `largestBinaryPoint`: every element is
 * shifted left, so no bit is lost. The result's word length is the smallest that holds every element's whole range.
 * @param where what an error says first, for example `layer "conv1": weights`
 * @throws QfxError when the binary point is too small, or the result would be wider than 64 bits
 */
export function alignTensor(tensor: IntegerTensor, binaryPoint: number, where: string): AlignedTensor {
  const { shape, format, raw } = tensor;
  const aligned = { signed: format.signed, wordLength: alignedWordLength(tensor, binaryPoint, where), binaryPoint };
  const target = makeRawArray(aligned, raw.length);
  for (let index = 0; index < raw.length; index++) {
    const value = raw[index];
    const shift = binaryPoint - spreadAt(format.binaryPoint, shape, index);
    if (target instanceof Float64Array) target[index] = value ? Number(value) * 2 ** shift : 0;
    else target[index] = value ? BigInt(value) << BigInt(shift) : 0n;
  }
  return { shape, format: aligned, raw: target };
}

function alignedWordLength({ shape, format }: IntegerTensor, binaryPoint: number, where: string): number {
  let widest = 0;
  const count = isUniform(format) ? 1 : elementCount(shape);
  for (let index = 0; index < count; index++) {
    const own = formatAt(format, shape, index);
    if (own.wordLength === 0) continue;
    if (own.binaryPoint > binaryPoint) {
      throw new QfxError(
        where,
        `binary point ${own.binaryPoint} can't be aligned to ${binaryPoint} without losing bits`,
      );
    }
    widest = Math.max(widest, own.wordLength + binaryPoint - own.binaryPoint);
  }
  if (widest > maximumWordLength) {
    throw new QfxError(
      where,
      `${widest} bits once all binary points are aligned to ${binaryPoint}, allowed: at most ${maximumWordLength}`,
    );
  }
  return widest;
}
