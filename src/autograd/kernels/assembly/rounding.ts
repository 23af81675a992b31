/**
 * Rounding and overflow of float32 values, four at a time. A value is scaled by a power of two, so that the type's last bit
 * is 1; the integers that come out are then those of the exact cast, for the casts that cast-table.ts admits.
 */

/** A cast, in memory: float32 numbers in this order, which cast-table.ts writes. */
@unmanaged
export class Cast {
  /** The range, in units of the last bit. */
  minimum: f32;
  maximum: f32;
  /** 2^binaryPoint and 2^-binaryPoint, of the first channel. */
  scale: f32;
  step: f32;
  /** The size of its kind, see below. */
  kind: f32;
  /** From which excess over the nearest integer on the result is one more; of negative values and of others. */
  upBelowZero: f32;
  upAboveZero: f32;
  /** From which lack on the result is one less. */
  downBelowZero: f32;
  downAboveZero: f32;
  /** Not 0: what is out of range becomes 0 instead of the nearest end. */
  saturatesToZero: f32;
  /** Values are clipped to this before the cast, and the gradient passes where they are within these bounds. */
  low: f32;
  high: f32;
  passLow: f32;
  passHigh: f32;
  /** The largest float32 below 1/2. Here, since a number that is loaded stays in a register through a loop. */
  belowHalf: f32;
}

/**
 * Kinds of casts as types, told apart by their size: only a condition on a type is decided when a loop is compiled, so that
 * what a kind does not need costs nothing.
 */
/** AP_RND that saturates to the nearest end, at most 23 bits. */
export type Plain = u8;
/** The same behind a ReLU that does not end: values are clipped at 0 only. */
export type Relu = u16;
export type Any = u32;
/** No cast at all. */
export type None = u64;

/** Four values at a time. */
export abstract class Lanes {
  /** The size of the kind of a cast at an address. */
  @inline
  static kindOf(cast: usize): usize {
    return cast ? <usize>changetype<Cast>(cast).kind : sizeof<None>();
  }

  /** The integers of scaled values, before overflow; never -0. */
  @inline
  static round<Kind>(value: v128, cast: Cast, belowHalf: v128): v128 {
    if (sizeof<Kind>() === sizeof<Relu>()) return Lanes.roundPositive(value, belowHalf);
    if (sizeof<Kind>() === sizeof<Plain>()) return Lanes.roundUp(value, belowHalf);
    return Lanes.roundBy(value, cast);
  }

  /**
   * AP_RND of what is not negative: floor(value + 1/2), with the number below 1/2 in its place. Added to 1/2 more than an
   * integer it is rounded up to the next integer, as 1/2 would; but it does not lift 0.49999997 to 1, nor odd integers above
   * 2^23 to the even one.
   */
  @inline
  private static roundPositive(value: v128, belowHalf: v128): v128 {
    return f32x4.floor(f32x4.add(value, belowHalf));
  }

  /**
   * AP_RND. Negative values get 1/2 itself, the next number: they need it for -0.5, and with it are wrong below -2^23 only,
   * which is out of the range of 23 bits and stays there.
   */
  @inline
  private static roundUp(value: v128, belowHalf: v128): v128 {
    const half = i32x4.sub(belowHalf, i32x4.shr_s(value, 31));
    return f32x4.floor(f32x4.add(value, half));
  }

  /**
   * Any mode. The nearest integer is exact, and so is the difference to it, which is at most 1/2; from 2^23 on values are
   * integers, and the difference is 0 (NaN for infinities, which compares false).
   */
  private static roundBy(value: v128, cast: Cast): v128 {
    const nearest = f32x4.nearest(value);
    const excess = f32x4.sub(value, nearest);
    const isNegative = f32x4.lt(value, f32x4.splat(0));
    const up = v128.bitselect(f32x4.splat(cast.upBelowZero), f32x4.splat(cast.upAboveZero), isNegative);
    const down = v128.bitselect(f32x4.splat(cast.downBelowZero), f32x4.splat(cast.downAboveZero), isNegative);
    const one = f32x4.splat(1);
    // Adding a 0 turns -0 into 0.
    const raised = f32x4.add(nearest, v128.and(f32x4.ge(excess, up), one));
    return f32x4.sub(raised, v128.and(f32x4.ge(f32x4.neg(excess), down), one));
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
