import { maximumNumberWordLength, spreadValues } from './type.js';
import type { TensorFormat } from './type.js';

/**
 * Raw integers of a tensor. The type decides the storage, never the caller: up to 53 bits Float64Array (every
 * element an integer, never -0), beyond that BigInt64Array, or BigUint64Array for unsigned.
 */
export type RawArray = Float64Array | BigInt64Array | BigUint64Array;

/** True when raw integers of this format are carried as BigInt. */
export function needsBigInt(format: TensorFormat): boolean {
  return spreadValues(format.wordLength).some((wordLength) => wordLength > maximumNumberWordLength);
}

/** An array of `length` zeros in the storage that the format decides. */
export function makeRawArray(format: TensorFormat, length: number): RawArray {
  if (!needsBigInt(format)) return new Float64Array(length);
  return format.signed ? new BigInt64Array(length) : new BigUint64Array(length);
}

/** Integers that a format holds, in the storage that it decides. */
export function rawArrayOf(format: TensorFormat, values: ArrayLike<number | bigint>): RawArray {
  const raw = makeRawArray(format, values.length);
  for (let index = 0; index < raw.length; index++) {
    if (raw instanceof Float64Array) raw[index] = Number(values[index]);
    else raw[index] = BigInt(values[index]);
  }
  return raw;
}

/** A tensor of raw integers with its format. */
export interface IntegerTensor {
  readonly shape: readonly number[];
  readonly format: TensorFormat;
  readonly raw: RawArray;
}
