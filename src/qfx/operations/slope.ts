import { joinIntervals, multiplyIntervals } from './interval.js';
import type { Interval } from './interval.js';
import type { Arithmetic, Scalars } from './scalars.js';

/** Every x that isn't negative, and every product of a negative x with a slope between 0 and one of the ends. */
export function slopedInterval(x: Interval, slope: Interval): Interval {
  return joinIntervals([{ ...x, minimum: 0n }, multiplyIntervals({ ...x, maximum: 0n }, slope)]);
}

/** What the raw integers of a value are multiplied with, by the index of the value modulo the arrays' length. */
export interface SlopeFactors {
  /** Of values above 0: powers of two that align them to the exact type. */
  readonly positive: Scalars;
  /** Of all others: the slope, aligned so that the products stand at the exact type's binary point. */
  readonly negative: Scalars;
}

/** x * positive or x * negative, by the sign of x. */
export function applySlopes(values: Scalars, { positive, negative }: SlopeFactors, arithmetic: Arithmetic): Scalars {
  const result = arithmetic.allocate(values.length);
  const period = positive.length;
  for (let index = 0; index < result.length; index++) {
    const value = values[index];
    // Added to the 0 that is there: the product of 0 and a negative number would be -0.
    result[index] += value * (value > arithmetic.zero ? positive : negative)[index % period];
  }
  return result;
}
