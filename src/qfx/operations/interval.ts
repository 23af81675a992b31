import { rawRange, smallestFormat, spreadAt } from '../number/type.js';
import type { FixedPointFormat } from '../number/type.js';
import type { IntegerTensor } from '../number/raw-array.js';

/** All raw integers between two bounds at a binary point, 0 always among them: minimum <= 0 <= maximum. */
export interface Interval {
  readonly minimum: bigint;
  readonly maximum: bigint;
  /** Absent for what has no width (W = 0): the constant 0 stands at any binary point. */
  readonly binaryPoint?: number;
}

/** The constant 0 of no width: neutral in a join and in a sum. */
export const noWidth: Interval = { minimum: 0n, maximum: 0n };

/** Every value that a format has. */
export function formatInterval(format: FixedPointFormat): Interval {
  return format.wordLength === 0 ? noWidth : { ...rawRange(format), binaryPoint: format.binaryPoint };
}

/** From 0 to the element of a constant at a row-major index. */
export function constantInterval({ raw, shape, format }: IntegerTensor, index: number): Interval {
  if (spreadAt(format.wordLength, shape, index) === 0) return noWidth;
  const value = BigInt(raw[index]);
  const binaryPoint = spreadAt(format.binaryPoint, shape, index);
  return { minimum: value < 0n ? value : 0n, maximum: value > 0n ? value : 0n, binaryPoint };
}

/** The largest of the binary points; 0 when nothing has any width. */
export function commonBinaryPoint(intervals: readonly Interval[]): number {
  let largest: number | undefined;
  for (const { binaryPoint } of intervals) {
    if (binaryPoint !== undefined && (largest === undefined || binaryPoint > largest)) largest = binaryPoint;
  }
  return largest ?? 0;
}

/** The smallest interval around all of these, at their common binary point. */
export function joinIntervals(intervals: readonly Interval[]): Interval {
  return combine(intervals, (joined, next) => ({
    minimum: next.minimum < joined.minimum ? next.minimum : joined.minimum,
    maximum: next.maximum > joined.maximum ? next.maximum : joined.maximum,
  }));
}

/** Every sum of some of these, in any order of addition, at their common binary point. */
export function addIntervals(intervals: readonly Interval[]): Interval {
  return combine(intervals, (sum, next) => ({
    minimum: sum.minimum + next.minimum,
    maximum: sum.maximum + next.maximum,
  }));
}

/** From the largest of the minima to the largest of the maxima: every largest one of a value of each. */
export function largerInterval(intervals: readonly Interval[]): Interval {
  if (intervals.every(({ binaryPoint }) => binaryPoint === undefined)) return noWidth;
  const binaryPoint = commonBinaryPoint(intervals);
  return intervals
    .map((interval) => alignInterval(interval, binaryPoint))
    .reduce((larger, next) => ({
      minimum: next.minimum > larger.minimum ? next.minimum : larger.minimum,
      maximum: next.maximum > larger.maximum ? next.maximum : larger.maximum,
      binaryPoint,
    }));
}

/** All negatives of the values. */
export function negateInterval({ minimum, maximum, binaryPoint }: Interval): Interval {
  return { minimum: -maximum, maximum: -minimum, binaryPoint };
}

function combine(intervals: readonly Interval[], step: (result: Interval, next: Interval) => Interval): Interval {
  const binaryPoint = commonBinaryPoint(intervals);
  const wide = intervals.filter((interval) => interval.binaryPoint !== undefined);
  if (wide.length === 0) return noWidth;
  const result = wide.reduce((sum, next) => step(sum, alignInterval(next, binaryPoint)), noWidth);
  return { ...result, binaryPoint };
}

function alignInterval(interval: Interval, binaryPoint: number): Interval {
  const shift = BigInt(binaryPoint - (interval.binaryPoint ?? binaryPoint));
  return { minimum: interval.minimum << shift, maximum: interval.maximum << shift, binaryPoint };
}

/** All products of a value of one and a value of the other. */
export function multiplyIntervals(a: Interval, b: Interval): Interval {
  if (a.binaryPoint === undefined || b.binaryPoint === undefined) return noWidth;
  const ends = [a.minimum * b.minimum, a.minimum * b.maximum, a.maximum * b.minimum, a.maximum * b.maximum];
  const minimum = ends.reduce((least, end) => (end < least ? end : least));
  const maximum = ends.reduce((most, end) => (end > most ? end : most));
  return { minimum, maximum, binaryPoint: a.binaryPoint + b.binaryPoint };
}

/** The smallest format that holds an interval. */
export function smallestIntervalFormat({ minimum, maximum, binaryPoint }: Interval): FixedPointFormat {
  return smallestFormat(minimum, maximum, binaryPoint ?? 0);
}

/** Bits of the widest raw integer of an interval, a sign included. */
export function intervalBits(interval: Interval): number {
  return smallestIntervalFormat(interval).wordLength;
}
