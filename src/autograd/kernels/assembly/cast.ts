import { Any, Cast, Lanes, Plain, Relu } from './rounding';
import { Sums } from './sums';

/**
 * The cast of float32 values and its gradient, in one pass each. Elements are seen as rows of `period` of them, a multiple of
 * 4 and of the number of channels; scales [period] are 2^binaryPoint, steps [period] 2^-binaryPoint.
 */

/** y = cast(x); `spare` is room for `period` float32. */
export function cast(
  x: usize,
  y: usize,
  count: i32,
  period: i32,
  scales: usize,
  steps: usize,
  cast: Cast,
  spare: usize,
): void {
  const full = (count / period) * period;
  const width = (<usize>period) << 2;
  Loops.cast(x, y, full, width, scales, steps, cast);
  if (full === count) return;
  // What is left is less than a row: done as a row of its own, with zeros behind it.
  const last = Sums.lastRow(x, full, count, width, spare);
  Loops.cast(last, last, period, width, scales, steps, cast);
  memory.copy(y + ((<usize>full) << 2), last, (<usize>(count - full)) << 2);
}

/**
 * The gradients of `cast`: dx = dy where the value is in the range of the type and the bounds of a ReLU, else 0; dp [channels]
 * is step * factor times the sum of dy * (value - raw) in the range and of -dy * raw outside, in units of the last bit.
 * `work` is room for `period` doubles and twice `period` float32.
 */
export function castGradient(
  x: usize,
  dy: usize,
  dx: usize,
  dp: usize,
  count: i32,
  period: i32,
  channels: i32,
  scales: usize,
  steps: usize,
  cast: Cast,
  factor: f64,
  work: usize,
): void {
  const full = (count / period) * period;
  const width = (<usize>period) << 2;
  memory.fill(work, 0, 2 * width);
  Loops.castGradient(x, dy, dx, full, width, scales, cast, work);
  if (full < count) {
    const lastX = Sums.lastRow(x, full, count, width, work + 2 * width);
    const lastDy = Sums.lastRow(dy, full, count, width, work + 3 * width);
    Loops.castGradient(lastX, lastDy, lastX, period, width, scales, cast, work);
    memory.copy(dx + ((<usize>full) << 2), lastX, (<usize>(count - full)) << 2);
  }
  for (let channel = 0; channel < channels; channel++) {
    const at = (<usize>channel) << 2;
    store<f32>(dp + at, <f32>(factor * <f64>load<f32>(steps + at) * Sums.fold(work, period, channel, channels)));
  }
}

/**
 * errors [channels] = the sum of (x - cast(x))^2, to about seven digits; `work` is room for `period` doubles and `period`
 * float32.
 */
export function castError(
  x: usize,
  errors: usize,
  count: i32,
  period: i32,
  channels: i32,
  scales: usize,
  steps: usize,
  cast: Cast,
  work: usize,
): void {
  const full = (count / period) * period;
  const width = (<usize>period) << 2;
  memory.fill(work, 0, 2 * width);
  Loops.castError(x, full, width, scales, cast, work);
  if (full < count) {
    Loops.castError(Sums.lastRow(x, full, count, width, work + 2 * width), period, width, scales, cast, work);
  }
  for (let channel = 0; channel < channels; channel++) {
    const at = (<usize>channel) << 2;
    const step = <f64>load<f32>(steps + at);
    store<f32>(errors + at, <f32>(step * step * Sums.fold(work, period, channel, channels)));
  }
}

/** The loops over blocks of rows of `width` bytes, column after column of four elements, so that constants stay in registers. */
abstract class Loops {
  static cast(x: usize, y: usize, count: i32, width: usize, scales: usize, steps: usize, cast: Cast): void {
    const kind = Lanes.kindOf(changetype<usize>(cast));
    if (kind === sizeof<Plain>()) Loops.castOf<Plain>(x, y, count, width, scales, steps, cast);
    else if (kind === sizeof<Relu>()) Loops.castOf<Relu>(x, y, count, width, scales, steps, cast);
    else Loops.castOf<Any>(x, y, count, width, scales, steps, cast);
  }

  @inline
  private static castOf<Kind>(
    x: usize,
    y: usize,
    count: i32,
    width: usize,
    scales: usize,
    steps: usize,
    cast: Cast,
  ): void {
    const end = x + ((<usize>count) << 2);
    const minimum = f32x4.splat(cast.minimum);
    const maximum = f32x4.splat(cast.maximum);
    const low = f32x4.splat(cast.low);
    const high = f32x4.splat(cast.high);
    const belowHalf = f32x4.splat(cast.belowHalf);
    while (x < end) {
      const rows = min(width * Sums.block, end - x);
      for (let at: usize = 0; at < width; at += 16) {
        const scale = v128.load(scales + at);
        const step = v128.load(steps + at);
        for (let offset = at; offset < rows; offset += width) {
          let value = v128.load(x + offset);
          if (sizeof<Kind>() === sizeof<Relu>()) value = f32x4.pmax(value, low);
          if (sizeof<Kind>() === sizeof<Any>()) value = Lanes.clip(value, low, high);
          const rounded = Lanes.round<Kind>(f32x4.mul(value, scale), cast, belowHalf);
          let raw =
            sizeof<Kind>() === sizeof<Relu>() ? f32x4.pmin(rounded, maximum) : Lanes.clip(rounded, minimum, maximum);
          if (sizeof<Kind>() === sizeof<Any>() && cast.saturatesToZero) raw = v128.and(raw, Lanes.isSame(raw, rounded));
          v128.store(y + offset, f32x4.mul(raw, step));
        }
      }
      x += rows;
      y += rows;
    }
  }

  static castGradient(
    x: usize,
    dy: usize,
    dx: usize,
    count: i32,
    width: usize,
    scales: usize,
    cast: Cast,
    sums: usize,
  ): void {
    const kind = Lanes.kindOf(changetype<usize>(cast));
    if (kind === sizeof<Plain>()) Loops.gradientOf<Plain>(x, dy, dx, count, width, scales, cast, sums);
    else if (kind === sizeof<Relu>()) Loops.gradientOf<Relu>(x, dy, dx, count, width, scales, cast, sums);
    else Loops.gradientOf<Any>(x, dy, dx, count, width, scales, cast, sums);
  }

  @inline
  private static gradientOf<Kind>(
    x: usize,
    dy: usize,
    dx: usize,
    count: i32,
    width: usize,
    scales: usize,
    cast: Cast,
    sums: usize,
  ): void {
    const end = x + ((<usize>count) << 2);
    const minimum = f32x4.splat(cast.minimum);
    const maximum = f32x4.splat(cast.maximum);
    const low = f32x4.splat(cast.low);
    const high = f32x4.splat(cast.high);
    const passLow = f32x4.splat(cast.passLow);
    const passHigh = f32x4.splat(cast.passHigh);
    const belowHalf = f32x4.splat(cast.belowHalf);
    while (x < end) {
      const rows = min(width * Sums.block, end - x);
      for (let at: usize = 0; at < width; at += 16) {
        const scale = v128.load(scales + at);
        let sum = f32x4.splat(0);
        for (let offset = at; offset < rows; offset += width) {
          const gradient = v128.load(dy + offset);
          const input = v128.load(x + offset);
          let value = input;
          if (sizeof<Kind>() === sizeof<Relu>()) value = f32x4.pmax(value, low);
          if (sizeof<Kind>() === sizeof<Any>()) value = Lanes.clip(value, low, high);
          value = f32x4.mul(value, scale);
          const rounded = Lanes.round<Kind>(value, cast, belowHalf);
          let raw =
            sizeof<Kind>() === sizeof<Relu>() ? f32x4.pmin(rounded, maximum) : Lanes.clip(rounded, minimum, maximum);
          const inside = Lanes.isSame(raw, rounded);
          if (sizeof<Kind>() === sizeof<Any>() && cast.saturatesToZero) raw = v128.and(raw, inside);
          sum = f32x4.add(sum, f32x4.mul(gradient, f32x4.sub(v128.and(value, inside), raw)));
          let passed = v128.and(gradient, inside);
          if (sizeof<Kind>() === sizeof<Relu>()) passed = v128.andnot(passed, f32x4.lt(input, passLow));
          if (sizeof<Kind>() === sizeof<Any>()) {
            passed = v128.andnot(passed, v128.or(f32x4.lt(input, passLow), f32x4.gt(input, passHigh)));
          }
          v128.store(dx + offset, passed);
        }
        Sums.add(sums + 2 * at, sum);
      }
      x += rows;
      dy += rows;
      dx += rows;
    }
  }

  static castError(x: usize, count: i32, width: usize, scales: usize, cast: Cast, sums: usize): void {
    if (Lanes.kindOf(changetype<usize>(cast)) === sizeof<Plain>()) {
      Loops.errorOf<Plain>(x, count, width, scales, cast, sums);
    } else {
      Loops.errorOf<Any>(x, count, width, scales, cast, sums);
    }
  }

  @inline
  private static errorOf<Kind>(x: usize, count: i32, width: usize, scales: usize, cast: Cast, sums: usize): void {
    const end = x + ((<usize>count) << 2);
    const minimum = f32x4.splat(cast.minimum);
    const maximum = f32x4.splat(cast.maximum);
    const belowHalf = f32x4.splat(cast.belowHalf);
    while (x < end) {
      const rows = min(width * Sums.block, end - x);
      for (let at: usize = 0; at < width; at += 16) {
        const scale = v128.load(scales + at);
        let lowSum = f64x2.splat(0);
        let highSum = f64x2.splat(0);
        for (let offset = at; offset < rows; offset += width) {
          const value = f32x4.mul(v128.load(x + offset), scale);
          const rounded = Lanes.round<Kind>(value, cast, belowHalf);
          let raw = Lanes.clip(rounded, minimum, maximum);
          if (sizeof<Kind>() === sizeof<Any>() && cast.saturatesToZero) {
            raw = v128.and(raw, Lanes.isSame(raw, rounded));
          }
          const error = f32x4.sub(value, raw);
          const low = f64x2.promote_low_f32x4(error);
          const high = f64x2.promote_low_f32x4(Sums.upper(error));
          lowSum = f64x2.add(lowSum, f64x2.mul(low, low));
          highSum = f64x2.add(highSum, f64x2.mul(high, high));
        }
        Sums.addPair(sums + 2 * at, lowSum, highSum);
      }
      x += rows;
    }
  }
}
