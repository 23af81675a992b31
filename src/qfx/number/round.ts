import type { FixedPointType, Overflow, Rounding } from './type.js';
import { rawRange } from './type.js';

/**
 * Rounding and overflow on JavaScript numbers. Each step is a small function of its own so that the loops
 * in cast.ts, which call it by name, compile to straight code. None of them returns -0 for an argument that isn't -0.
 */

/** How many units of the last bit are added before a shift right with `floor`, by the sign of the raw integer. */
export interface RoundingBias {
  readonly positive: number;
  readonly negative: number;
}

/** Everything about a shift right by `shift` bits (at least 1) that doesn't depend on the value. */
export interface RightShift extends RoundingBias {
  /** 2^-shift. */
  readonly scale: number;
  /** 2^shift. */
  readonly unit: number;
}

/**
 * The bias that makes `floor((raw + bias) / 2^shift)` the rounding mode. AP_RND_CONV gets the bias of AP_RND;
 * `shiftConvergent` then repairs its ties.
 */
export function roundingBias(rounding: Rounding, shift: number): RoundingBias {
  const unit = 2 ** shift;
  const half = unit / 2;
  switch (rounding) {
    case 'AP_TRN':
      return { positive: 0, negative: 0 };
    case 'AP_TRN_ZERO':
      return { positive: 0, negative: unit - 1 };
    case 'AP_RND':
    case 'AP_RND_CONV':
      return { positive: half, negative: half };
    case 'AP_RND_ZERO':
      return { positive: half - 1, negative: half };
    case 'AP_RND_MIN_INF':
      return { positive: half - 1, negative: half - 1 };
    case 'AP_RND_INF':
      return { positive: half, negative: half - 1 };
  }
}

/** Six of the seven rounding modes: a bias by sign, then floor. */
export function shiftBiased(raw: number, shift: RightShift): number {
  return Math.floor((raw + (raw < 0 ? shift.negative : shift.positive)) * shift.scale);
}

/** AP_RND_CONV: nearest, a tie that was rounded up to an odd integer goes back down. */
export function shiftConvergent(raw: number, shift: RightShift): number {
  const biased = raw + shift.positive;
  const up = Math.floor(biased * shift.scale);
  return up % 2 !== 0 && up * shift.unit === biased ? up - 1 : up;
}

/** The range of a type in numbers, and how many raw integers it has. */
export interface NumberRange {
  readonly minimum: number;
  readonly maximum: number;
  /** 2^W. */
  readonly modulus: number;
}

/** The range that an overflow mode leaves unchanged: AP_SAT_SYM gives up the most negative value. */
export function overflowRange(type: FixedPointType): { minimum: bigint; maximum: bigint } {
  const { minimum, maximum } = rawRange(type);
  return { minimum: type.overflow === 'AP_SAT_SYM' && type.signed ? -maximum : minimum, maximum };
}

/** `overflowRange` for types of at most 53 bits. */
export function numberRange(type: FixedPointType): NumberRange {
  const { minimum, maximum } = overflowRange(type);
  return { minimum: Number(minimum), maximum: Number(maximum), modulus: 2 ** type.wordLength };
}

/** AP_SAT and AP_SAT_SYM: the nearest end. */
export function saturate(value: number, range: NumberRange): number {
  return value < range.minimum ? range.minimum : value > range.maximum ? range.maximum : value;
}

/** AP_SAT_ZERO: 0 outside the range. */
export function saturateToZero(value: number, range: NumberRange): number {
  return value < range.minimum || value > range.maximum ? 0 : value;
}

/** AP_WRAP: the low W bits. */
export function wrap(value: number, range: NumberRange): number {
  const low = value - Math.floor(value / range.modulus) * range.modulus;
  return low > range.maximum ? low - range.modulus : low;
}

/** The scalar step of an overflow mode. */
export function overflowStep(overflow: Overflow): (value: number, range: NumberRange) => number {
  switch (overflow) {
    case 'AP_WRAP':
      return wrap;
    case 'AP_SAT_ZERO':
      return saturateToZero;
    case 'AP_SAT':
    case 'AP_SAT_SYM':
      return saturate;
  }
}
