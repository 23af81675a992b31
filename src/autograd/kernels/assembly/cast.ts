import { Cast, Lanes } from './rounding';
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
  Rows.cast(x, y, full, width, scales, steps, cast);
  if (full === count) return;
  // What is left is less than a row: done as a row of its own, with zeros behind it.
  const at = (<usize>full) << 2;
  const size = (<usize>(count - full)) << 2;
  memory.fill(spare, 0, width);
  memory.copy(spare, x + at, size);
  Rows.cast(spare, spare, period, width, scales, steps, cast);
  memory.copy(y + at, spare, size);
}

/**
 * The gradients of `cast`: dx = dy where the value is in the range of the type and the bounds of a clip, else 0; dp [channels]
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
  Rows.castGradient(x, dy, dx, full, width, scales, cast, work);
  if (full < count) {
    const lastX = work + 2 * width;
    const lastDy = lastX + width;
    const at = (<usize>full) << 2;
    const size = (<usize>(count - full)) << 2;
    memory.fill(lastX, 0, 2 * width);
    memory.copy(lastX, x + at, size);
    memory.copy(lastDy, dy + at, size);
    Rows.castGradient(lastX, lastDy, lastX, period, width, scales, cast, work);
    memory.copy(dx + at, lastX, size);
  }
  for (let channel = 0; channel < channels; channel++) {
    const at = (<usize>channel) << 2;
    store<f32>(dp + at, <f32>(factor * <f64>load<f32>(steps + at) * Sums.fold(work, period, channel, channels)));
  }
}

/** The loops over rows of `width` bytes, one for each kind of cast: a kind that is constant costs nothing. */
abstract class Rows {
  static cast(x: usize, y: usize, count: i32, width: usize, scales: usize, steps: usize, cast: Cast): void {
    if (!cast.isPlain) Rows.castOfKind(x, y, count, width, scales, steps, cast, false, true);
    else if (cast.clips) Rows.castOfKind(x, y, count, width, scales, steps, cast, true, true);
    else Rows.castOfKind(x, y, count, width, scales, steps, cast, true, false);
  }

  @inline
  static castOfKind(
    x: usize,
    y: usize,
    count: i32,
    width: usize,
    scales: usize,
    steps: usize,
    cast: Cast,
    isPlain: bool,
    clips: bool,
  ): void {
    const end = x + ((<usize>count) << 2);
    const minimum = f32x4.splat(cast.minimum);
    const maximum = f32x4.splat(cast.maximum);
    const low = f32x4.splat(cast.low);
    const high = f32x4.splat(cast.high);
    while (x < end) {
      for (let at: usize = 0; at < width; at += 16) {
        let value = v128.load(x);
        if (clips) value = Lanes.clip(value, low, high);
        value = f32x4.mul(value, v128.load(scales + at));
        const rounded = isPlain ? Lanes.roundUp(value) : Lanes.roundBy(value, cast);
        let raw = Lanes.clip(rounded, minimum, maximum);
        if (!isPlain && cast.saturatesToZero) raw = v128.and(raw, Lanes.isSame(raw, rounded));
        // Adding 0 turns -0 into 0.
        v128.store(y, f32x4.add(f32x4.mul(raw, v128.load(steps + at)), f32x4.splat(0)));
        x += 16;
        y += 16;
      }
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
    if (!cast.isPlain) Rows.castGradientOfKind(x, dy, dx, count, width, scales, cast, sums, false, true);
    else if (cast.clips) Rows.castGradientOfKind(x, dy, dx, count, width, scales, cast, sums, true, true);
    else Rows.castGradientOfKind(x, dy, dx, count, width, scales, cast, sums, true, false);
  }

  @inline
  static castGradientOfKind(
    x: usize,
    dy: usize,
    dx: usize,
    count: i32,
    width: usize,
    scales: usize,
    cast: Cast,
    sums: usize,
    isPlain: bool,
    clips: bool,
  ): void {
    const end = x + ((<usize>count) << 2);
    const minimum = f32x4.splat(cast.minimum);
    const maximum = f32x4.splat(cast.maximum);
    const low = f32x4.splat(cast.low);
    const high = f32x4.splat(cast.high);
    const passLow = f32x4.splat(cast.passLow);
    const passHigh = f32x4.splat(cast.passHigh);
    while (x < end) {
      const rows = min(width * Sums.block, end - x);
      for (let at: usize = 0; at < width; at += 16) {
        const scale = v128.load(scales + at);
        let sum = f32x4.splat(0);
        for (let offset = at; offset < rows; offset += width) {
          let gradient = v128.load(dy + offset);
          const unclipped = v128.load(x + offset);
          const value = f32x4.mul(clips ? Lanes.clip(unclipped, low, high) : unclipped, scale);
          const rounded = isPlain ? Lanes.roundUp(value) : Lanes.roundBy(value, cast);
          let raw = Lanes.clip(rounded, minimum, maximum);
          const inside = Lanes.isSame(raw, rounded);
          if (!isPlain && cast.saturatesToZero) raw = v128.and(raw, inside);
          sum = f32x4.add(sum, f32x4.mul(gradient, f32x4.sub(v128.and(value, inside), raw)));
          gradient = v128.and(gradient, inside);
          if (clips) {
            const blocked = v128.or(f32x4.lt(unclipped, passLow), f32x4.gt(unclipped, passHigh));
            gradient = v128.andnot(gradient, blocked);
          }
          v128.store(dx + offset, gradient);
        }
        Sums.add(sums + 2 * at, sum);
      }
      x += rows;
      dy += rows;
      dx += rows;
    }
  }
}
