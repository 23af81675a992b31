import { makeRawArray } from './raw-array.js';
import type { RawArray } from './raw-array.js';
import { numberRange, overflowRange, overflowStep, roundingBias, saturate, saturateToZero } from './round.js';
import { shiftBiased, shiftConvergent, wrap } from './round.js';
import type { NumberRange, RightShift } from './round.js';
import { elementCount } from './shape.js';
import { isUniform, maximumNumberWordLength } from './type.js';
import type { FixedPointFormat, FixedPointType, Rounding, Spread, TensorFormat, TensorType } from './type.js';
import { formatAt } from './validate-type.js';

/**
 * The definition of a cast, in exact integers: round `raw * 2^-binaryPoint` to the target's last bit, then overflow.
 * Everything faster in this file is tested against it.
 * @returns the target's raw integer
 */
export function castBigInt(raw: bigint, binaryPoint: number, to: FixedPointType): bigint {
  return overflowBigInt(roundTo(raw, binaryPoint, to), to);
}

/** Whether `raw * 2^-binaryPoint`, once rounded, is in the target's range, so that its overflow mode has nothing to do. */
export function isInRange(raw: bigint, binaryPoint: number, to: FixedPointType): boolean {
  const rounded = roundTo(raw, binaryPoint, to);
  const { minimum, maximum } = overflowRange(to);
  return rounded >= minimum && rounded <= maximum;
}

/** First half of a cast: in units of the target's last bit, whatever its range. */
function roundTo(raw: bigint, binaryPoint: number, to: FixedPointType): bigint {
  const droppedBits = binaryPoint - to.binaryPoint;
  return droppedBits <= 0 ? raw << BigInt(-droppedBits) : roundBigInt(raw, BigInt(droppedBits), to.rounding);
}

/** `raw / 2^droppedBits` (at least one bit), rounded to an integer. */
function roundBigInt(raw: bigint, droppedBits: bigint, rounding: Rounding): bigint {
  const down = raw >> droppedBits;
  const rest = raw - (down << droppedBits);
  const half = 1n << (droppedBits - 1n);
  const nearest = (tieGoesUp: boolean) => (rest > half || (rest === half && tieGoesUp) ? down + 1n : down);
  switch (rounding) {
    case 'AP_TRN':
      return down;
    case 'AP_TRN_ZERO':
      return raw < 0n && rest > 0n ? down + 1n : down;
    case 'AP_RND':
      return nearest(true);
    case 'AP_RND_ZERO':
      return nearest(raw < 0n);
    case 'AP_RND_MIN_INF':
      return nearest(false);
    case 'AP_RND_INF':
      return nearest(raw >= 0n);
    case 'AP_RND_CONV':
      return nearest((down & 1n) === 1n);
  }
}

function overflowBigInt(value: bigint, to: FixedPointType): bigint {
  const { minimum, maximum } = overflowRange(to);
  switch (to.overflow) {
    case 'AP_WRAP':
      return to.signed ? BigInt.asIntN(to.wordLength, value) : BigInt.asUintN(to.wordLength, value);
    case 'AP_SAT':
    case 'AP_SAT_SYM':
      return value < minimum ? minimum : value > maximum ? maximum : value;
    case 'AP_SAT_ZERO':
      return value < minimum || value > maximum ? 0n : value;
  }
}

/** A cast between two scalar types, on the kind of number that the two types need. */
export type CompiledCast =
  | { readonly storage: 'number'; readonly cast: (raw: number) => number }
  | { readonly storage: 'bigint'; readonly cast: (raw: bigint) => bigint };

/** The cast of one scalar format to a type: on JavaScript numbers where every intermediate integer fits 53 bits, else on BigInt. */
export function compileCast(from: FixedPointFormat, to: FixedPointType): CompiledCast {
  if (!fitsNumbers(from, to)) {
    return { storage: 'bigint', cast: (raw) => castBigInt(raw, from.binaryPoint, to) };
  }
  const range = numberRange(to);
  const overflow = overflowStep(to.overflow);
  const droppedBits = from.binaryPoint - to.binaryPoint;
  if (droppedBits <= 0) {
    const factor = 2 ** -droppedBits;
    return { storage: 'number', cast: (raw) => overflow(raw * factor, range) };
  }
  const shift = rightShift(to.rounding, droppedBits);
  const round = to.rounding === 'AP_RND_CONV' ? shiftConvergent : shiftBiased;
  return { storage: 'number', cast: (raw) => overflow(round(raw, shift), range) };
}

/** True when the source, the target, a left shift before overflow and a rounding bias all stay within 53 bits. */
function fitsNumbers(from: FixedPointFormat, to: FixedPointType): boolean {
  const droppedBits = from.binaryPoint - to.binaryPoint;
  const widest = droppedBits <= 0 ? from.wordLength - droppedBits : Math.max(from.wordLength, droppedBits) + 1;
  return Math.max(widest, to.wordLength) <= maximumNumberWordLength;
}

function rightShift(rounding: Rounding, droppedBits: number): RightShift {
  const { positive, negative } = roundingBias(rounding, droppedBits);
  return { positive, negative, unit: 2 ** droppedBits, scale: 2 ** -droppedBits };
}

/** Element indices start, start + step, ... of a row-major tensor, all of one format. */
interface Slice {
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

/**
 * Casts a tensor. Word lengths and binary points of either side may differ by axis or by element.
 * @param raw raw integers in the format `from`, row-major, as many as `shape` has elements
 * @returns raw integers of the type `to`, in the storage which that type decides
 */
export function castTensor(raw: RawArray, from: TensorFormat, to: TensorType, shape: readonly number[]): RawArray {
  const target = makeRawArray(to, raw.length);
  for (const slice of uniformSlices(from, to, shape, raw.length)) {
    const sliceFrom = formatAt(from, shape, slice.start);
    const sliceTo = { ...formatAt(to, shape, slice.start), rounding: to.rounding, overflow: to.overflow };
    castSlice(raw, sliceFrom, target, sliceTo, slice);
  }
  return target;
}

/** Slices that cover a tensor, each of them with one source and one target format. */
function* uniformSlices(
  from: TensorFormat,
  to: TensorFormat,
  shape: readonly number[],
  length: number,
): Generator<Slice, void> {
  if (isUniform(from) && isUniform(to)) {
    if (length > 0) yield { start: 0, step: 1, count: length };
    return;
  }
  const axis = commonAxis([from.wordLength, from.binaryPoint, to.wordLength, to.binaryPoint]);
  if (axis === undefined) {
    for (let start = 0; start < length; start++) yield { start, step: 1, count: 1 };
    return;
  }
  const inner = elementCount(shape.slice(axis + 1));
  if (inner === 1) {
    const step = shape[axis];
    for (let start = 0; start < Math.min(step, length); start++) yield { start, step, count: length / step };
    return;
  }
  for (let start = 0; start < length; start += inner) yield { start, step: 1, count: inner };
}

/** The one axis along which these spreads vary, or undefined when they vary along several or by element. */
function commonAxis(spreads: readonly Spread[]): number | undefined {
  let axis: number | undefined;
  for (const spread of spreads) {
    if (typeof spread === 'number') continue;
    if ('elements' in spread || (axis !== undefined && axis !== spread.axis)) return undefined;
    axis = spread.axis;
  }
  return axis;
}

function castSlice(source: RawArray, from: FixedPointFormat, target: RawArray, to: FixedPointType, slice: Slice): void {
  if (source instanceof Float64Array && target instanceof Float64Array && fitsNumbers(from, to)) {
    roundSlice(source, from, target, to, slice);
    overflowSlice(target, to, slice);
    return;
  }
  const end = slice.start + slice.step * slice.count;
  for (let index = slice.start; index < end; index += slice.step) {
    const result = castBigInt(BigInt(source[index]), from.binaryPoint, to);
    if (target instanceof Float64Array) target[index] = Number(result);
    else target[index] = result;
  }
}

/** First half of a cast on numbers; the mode is chosen outside of the loops. */
function roundSlice(
  source: Float64Array,
  from: FixedPointFormat,
  target: Float64Array,
  to: FixedPointType,
  { start, step, count }: Slice,
): void {
  const end = start + step * count;
  const droppedBits = from.binaryPoint - to.binaryPoint;
  if (droppedBits <= 0) {
    const factor = 2 ** -droppedBits;
    for (let index = start; index < end; index += step) target[index] = source[index] * factor;
    return;
  }
  const shift = rightShift(to.rounding, droppedBits);
  if (to.rounding === 'AP_RND_CONV') {
    for (let index = start; index < end; index += step) target[index] = shiftConvergent(source[index], shift);
  } else {
    for (let index = start; index < end; index += step) target[index] = shiftBiased(source[index], shift);
  }
}

/** Second half of a cast on numbers, in place. */
function overflowSlice(values: Float64Array, to: FixedPointType, { start, step, count }: Slice): void {
  const end = start + step * count;
  const range: NumberRange = numberRange(to);
  switch (to.overflow) {
    case 'AP_WRAP':
      for (let index = start; index < end; index += step) values[index] = wrap(values[index], range);
      break;
    case 'AP_SAT_ZERO':
      for (let index = start; index < end; index += step) values[index] = saturateToZero(values[index], range);
      break;
    case 'AP_SAT':
    case 'AP_SAT_SYM':
      for (let index = start; index < end; index += step) values[index] = saturate(values[index], range);
  }
}
