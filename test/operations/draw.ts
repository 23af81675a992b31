import fc from 'fast-check';
import { formatAt, makeRawArray, needsBigInt, rawRange } from '../../src/qfx/index.js';
import type { IntegerTensor, RawArray, Spread, TensorFormat, TensorType } from '../../src/qfx/index.js';

/** Seeded choices of a property test; everything that is drawn shrinks when a test fails. */
export interface Draw {
  integer(minimum: number, maximum: number): number;
  pick<Value>(values: readonly Value[]): Value;
  /** A format for a tensor of this shape: mostly narrow, now and then wide, of no width, by axis or by element. */
  format(shape: readonly number[], options?: FormatOptions): TensorFormat;
  /** A tensor whose raw integers are drawn from the whole range, its ends more often. */
  tensor(shape: readonly number[], options?: FormatOptions): IntegerTensor;
  /** Raw integers of a format. */
  raw(shape: readonly number[], format: TensorFormat): RawArray;
}

export interface FormatOptions {
  readonly signed?: boolean;
}

/** Draws from fast-check's generator, `fc.gen()`. */
export function drawFrom(generate: fc.GeneratorValue): Draw {
  const integer = (min: number, max: number) => generate(fc.integer, { min, max });
  const pick = <Value>(values: readonly Value[]) => values[integer(0, values.length - 1)];

  const spread = (shape: readonly number[], scalar: () => number, kind: string): Spread => {
    if (kind === 'uniform') return scalar();
    if (kind === 'elements') return { elements: Array.from({ length: count(shape) }, scalar) };
    const axis = kind === 'last' ? shape.length - 1 : integer(0, shape.length - 1);
    return { axis, values: Array.from({ length: shape[axis] }, scalar) };
  };

  const format = (shape: readonly number[], options: FormatOptions = {}): TensorFormat => {
    const kinds = ['uniform', 'uniform', 'uniform', 'last', 'last', 'axis', 'elements'];
    const widest = pick([4, 8, 8, 8, 16, 30, 54, 64]);
    const base = pick([0, 0, 0, 3, -7, 400, -400]);
    const reach = pick([0, 2, 6, 20]);
    return {
      signed: options.signed ?? pick([true, false]),
      wordLength: spread(shape, () => integer(pick([0, 1, widest - 3]), widest), pick(kinds)),
      binaryPoint: spread(shape, () => base + integer(-reach, reach), pick(kinds)),
    };
  };

  const raw = (shape: readonly number[], own: TensorFormat): RawArray => {
    const values = makeRawArray(own, count(shape));
    for (let index = 0; index < values.length; index++) {
      const { minimum, maximum } = rawRange(formatAt(own, shape, index));
      const value = pick([minimum, maximum, 0n, generate(fc.bigInt, { min: minimum, max: maximum })]);
      if (values instanceof Float64Array) values[index] = Number(value);
      else values[index] = value;
    }
    return values;
  };

  const tensor = (shape: readonly number[], options?: FormatOptions): IntegerTensor => {
    const own = format(shape, options);
    return { shape, format: own, raw: raw(shape, own) };
  };
  return { integer, pick, format, tensor, raw };
}

/** The declared type of an input whose values are all of a format. */
export function inputType(format: TensorFormat): TensorType {
  return { ...format, rounding: 'AP_RND', overflow: 'AP_SAT' };
}

/** Every element at the smallest or at the largest value of its own format. */
export function extremeRaw(
  shape: readonly number[],
  format: TensorFormat,
  isHigh: (index: number) => boolean,
): RawArray {
  const values = makeRawArray(format, count(shape));
  for (let index = 0; index < values.length; index++) {
    const { minimum, maximum } = rawRange(formatAt(format, shape, index));
    const value = isHigh(index) ? maximum : minimum;
    if (needsBigInt(format)) values[index] = value;
    else values[index] = Number(value);
  }
  return values;
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
