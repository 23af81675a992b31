import { needsBigInt, rawArrayOf } from '../number/raw-array.js';
import type { RawArray } from '../number/raw-array.js';
import { maximumNumberWordLength } from '../number/type.js';
import type { FixedPointFormat } from '../number/type.js';
import type { NodeContext, NodeTyping } from './operation.js';

/**
 * JavaScript's operators + - * < > === mean the same on numbers and on BigInt, so an operation is written once and runs
 * on either. TypeScript can't say "one of the two, never mixed"; an exact scalar is therefore typed as a number, and this
 * file is the only one that knows that it may be a BigInt. Don't mix it with literals (take `zero`), nor with Math.
 */
export type Scalar = number;

/** A row-major array of exact scalars. */
export interface Scalars {
  readonly length: number;
  [index: number]: Scalar;
}

/** Exact integer arithmetic: JavaScript numbers (up to 53 bits) or BigInt. */
export interface Arithmetic {
  readonly kind: 'number' | 'bigint';
  readonly zero: Scalar;
  /** An exact scalar from an integer. */
  scalar(value: number | bigint): Scalar;
  /** 2^exponent, exponent >= 0. */
  powerOfTwo(exponent: number): Scalar;
  /** `length` zeros. */
  allocate(length: number): Scalars;
  /** Raw integers as scalars to read; may be a view of the same memory. */
  fromRaw(raw: RawArray): Scalars;
  /** Scalars as raw integers of a format that holds them all; may be a view of the same memory. */
  toRaw(values: Scalars, format: FixedPointFormat): RawArray;
}

const asScalar = (value: bigint) => value as unknown as Scalar;

export const numberArithmetic: Arithmetic = {
  kind: 'number',
  zero: 0,
  scalar: Number,
  powerOfTwo: (exponent) => 2 ** exponent,
  allocate: (length) => new Float64Array(length),
  fromRaw: (raw) => (raw instanceof Float64Array ? raw : Float64Array.from(raw as ArrayLike<bigint>, Number)),
  toRaw: (values, format) => asRaw(values, format),
};

export const bigIntArithmetic: Arithmetic = {
  kind: 'bigint',
  zero: asScalar(0n),
  scalar: (value) => asScalar(BigInt(value)),
  powerOfTwo: (exponent) => asScalar(1n << BigInt(exponent)),
  allocate: (length) => new Array<Scalar>(length).fill(asScalar(0n)),
  fromRaw: (raw) => Array.from(raw as ArrayLike<number | bigint>, (value) => asScalar(BigInt(value))),
  toRaw: (values, format) => asRaw(values, format),
};

function asRaw(values: Scalars, format: FixedPointFormat): RawArray {
  return values instanceof Float64Array && !needsBigInt(format) ? values : rawArrayOf(format, values);
}

/** The arithmetic that the types of a node ask for: numbers where every value fits 53 bits, else BigInt. */
export function arithmeticFor(context: Pick<NodeContext, 'inputs'>, typing: NodeTyping): Arithmetic {
  const formats = [typing.exactType, ...Object.values(typing.intermediateTypes ?? {})];
  const wide =
    formats.some(({ wordLength }) => wordLength > maximumNumberWordLength) ||
    context.inputs.some(({ format }) => needsBigInt(format));
  return wide ? bigIntArithmetic : numberArithmetic;
}
