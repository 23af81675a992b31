import { QfxError } from '../../qfx/errors.js';
import type { IntegerTensor } from '../../qfx/number/raw-array.js';
import { decomposeReal } from '../../qfx/number/real.js';
import { spreadAt } from '../../qfx/number/type.js';

/** The values of an integer tensor of at most 24 bits, exact in float32. */
export function realsOf({ raw, shape, format }: IntegerTensor): Float32Array {
  return Float32Array.from(
    raw as Float64Array,
    (value, index) => value * 2 ** -spreadAt(format.binaryPoint, shape, index),
  );
}

/**
 * Throws unless float32 has this number: else training and hardware would compute with two different ones.
 * @param where what the error says first
 */
export function requireFloat(value: number, where: string): void {
  if (Math.fround(value) === value) return;
  throw new QfxError(where, `found ${value}, which float32 does not have; use ${Math.fround(value)}`);
}

/** A positive number as the integer with the fewest bits and its binary point. */
export function shortestFixedPoint(value: number): { readonly raw: bigint; readonly binaryPoint: number } {
  let { raw, binaryPoint } = decomposeReal(value);
  while (raw % 2n === 0n) {
    raw /= 2n;
    binaryPoint--;
  }
  return { raw, binaryPoint };
}
