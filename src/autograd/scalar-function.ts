import { QfxError } from '../qfx/errors.js';
import { rawRange } from '../qfx/number/type.js';
import type { FixedPointFormat } from '../qfx/number/type.js';

/** Functions of one real number, in doubles, as layers make tables of them. */

export interface ScalarFunction {
  value(x: number): number;
  derivative(x: number): number;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** Those that QFX has layers for. */
export const scalarFunctions = {
  sigmoid: { value: sigmoid, derivative: (x) => sigmoid(x) * sigmoid(-x) },
  tanh: { value: Math.tanh, derivative: (x) => 1 - Math.tanh(x) ** 2 },
  exp: { value: Math.exp, derivative: Math.exp },
  gelu: { value: (x) => x * normalDistribution(x), derivative: (x) => normalDistribution(x) + x * normalDensity(x) },
  silu: { value: (x) => x * sigmoid(x), derivative: (x) => sigmoid(x) * (1 + x * sigmoid(-x)) },
} satisfies Record<string, ScalarFunction>;
export type ScalarFunctionName = keyof typeof scalarFunctions;

function normalDensity(x: number): number {
  return Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
}

/** The probability that a normally distributed number is below x, to the last bits of a double near 1. */
function normalDistribution(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  // Less than half a unit of the last place is left.
  if (z >= 6) return x < 0 ? 0 : 1;
  let term = z;
  let sum = z;
  // Of the power series all terms are positive, so that nothing cancels.
  for (let n = 1; term > sum * Number.EPSILON; n++) {
    term *= (2 * z * z) / (2 * n + 1);
    sum += term;
  }
  const half = (sum * Math.exp(-z * z)) / Math.sqrt(Math.PI);
  return x < 0 ? 0.5 - half : 0.5 + half;
}

/** Half of the distance between the two values that a slope is taken from; a power of two. */
const slopeReach = 2 ** -16;

/** A function without a known derivative: its slope is that between two values close by, on one side where it ends. */
export function withSlope(value: (x: number) => number): ScalarFunction {
  return {
    value,
    derivative: (x) => {
      const reach = slopeReach * Math.max(1, Math.abs(x));
      const [before, here, after] = [value(x - reach), value(x), value(x + reach)];
      if (!Number.isFinite(before)) return (after - here) / reach;
      if (!Number.isFinite(after)) return (here - before) / reach;
      return (after - before) / (2 * reach);
    },
  };
}

/** A function's values for all raw integers of a format, from the smallest on. */
export interface Samples extends FixedPointFormat {
  readonly values: readonly number[];
}

/** The values of a function over a format. */
export function sampleFunction(value: (x: number) => number, format: FixedPointFormat): Samples {
  const { signed, wordLength, binaryPoint } = format;
  const first = Number(rawRange(format).minimum);
  // Plus 0, since JSON gives -0 back as 0.
  const values = Array.from({ length: 2 ** wordLength }, (_, index) => value((first + index) * 2 ** -binaryPoint) + 0);
  return { signed, wordLength, binaryPoint, values };
}

/** A function of which only samples are known: straight lines between them, and constant beyond. */
export function fromSamples({ values, ...format }: Samples): ScalarFunction {
  const first = Number(rawRange(format).minimum);
  const step = 2 ** -format.binaryPoint;
  const last = values.length - 1;
  const clamp = (index: number) => Math.min(Math.max(index, 0), last);
  return {
    value: (x) => {
      const at = clamp(x / step - first);
      const below = Math.floor(at);
      if (at === below) return values[below];
      return values[below] + (at - below) * (values[below + 1] - values[below]);
    },
    derivative: (x) => {
      const at = x / step - first;
      const [before, after] = [clamp(Math.ceil(at) - 1), clamp(Math.floor(at) + 1)];
      return before === after ? 0 : (values[after] - values[before]) / ((after - before) * step);
    },
  };
}

/**
 * The same function, which throws where a result is no number of float32.
 * @param where what that error says first
 */
export function checked({ value, derivative }: ScalarFunction, where: string): ScalarFunction {
  return {
    value: (x) => {
      const y: unknown = value(x);
      if (typeof y === 'number' && Number.isFinite(Math.fround(y))) return y;
      throw new QfxError(where, `its function gives ${String(y)} for ${x}, needed: a number that float32 has`);
    },
    derivative,
  };
}
