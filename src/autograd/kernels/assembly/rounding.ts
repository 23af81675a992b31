/**
 * Rounding and overflow of float32 values, four at a time. A value is scaled by a power of two, so that the type's last bit
 * is 1; everything below is then exact:
 * - `nearest` is, and so is the difference of a value and the integer nearest to it, which is at most 1/2;
 * - from 2^23 on values are integers, and the difference is 0 (NaN for infinities, which compares false).
 */

/** A cast, in memory: float32 numbers in this order, which cast-table.ts writes. */
@unmanaged
export class Cast {
  /** The range, in units of the last bit. */
  minimum: f32;
  maximum: f32;
  /** Not 0: the mode is AP_RND, and out of range the nearest end is taken. The following numbers then do not matter. */
  isPlain: f32;
  /** From which excess over the nearest integer on the result is one more; of negative values and of others. */
  upBelowZero: f32;
  upAboveZero: f32;
  /** From which lack on the result is one less. */
  downBelowZero: f32;
  downAboveZero: f32;
  /** Not 0: what is out of range becomes 0 instead of the nearest end. */
  saturatesToZero: f32;
  /** Not 0: values are clipped before the cast, here; the gradient passes where they are within these bounds. */
  clips: f32;
  low: f32;
  high: f32;
  passLow: f32;
  passHigh: f32;
}

/** Four values at a time. */
export abstract class Lanes {
  /** AP_RND: floor(value + 1/2), as a float. */
  @inline
  static roundUp(value: v128): v128 {
    const nearest = f32x4.nearest(value);
    const isTie = f32x4.ge(f32x4.sub(value, nearest), f32x4.splat(0.5));
    return f32x4.add(nearest, v128.and(isTie, f32x4.splat(1)));
  }

  /** Any mode. */
  static roundBy(value: v128, cast: Cast): v128 {
    const nearest = f32x4.nearest(value);
    const excess = f32x4.sub(value, nearest);
    const isNegative = f32x4.lt(value, f32x4.splat(0));
    const up = v128.bitselect(f32x4.splat(cast.upBelowZero), f32x4.splat(cast.upAboveZero), isNegative);
    const down = v128.bitselect(f32x4.splat(cast.downBelowZero), f32x4.splat(cast.downAboveZero), isNegative);
    const one = f32x4.splat(1);
    return f32x4.sub(
      f32x4.add(nearest, v128.and(f32x4.ge(excess, up), one)),
      v128.and(f32x4.ge(f32x4.neg(excess), down), one),
    );
  }

  /** No more than `high`, no less than `low`; NaN stays. */
  @inline
  static clip(value: v128, low: v128, high: v128): v128 {
    return f32x4.pmax(f32x4.pmin(value, high), low);
  }

  /** All bits of a lane where a clipped value is the value; also for NaN. */
  @inline
  static isSame(clipped: v128, value: v128): v128 {
    return i32x4.eq(clipped, value);
  }
}
