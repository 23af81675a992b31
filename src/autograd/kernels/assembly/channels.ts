import { Any, Cast, Lanes, None, Plain } from './rounding';
import { Sums } from './sums';

/**
 * Statistics of channels and affine functions of them, with the cast of their result in the same pass. Elements are seen as
 * rows of `period` of them, a multiple of 4 and of the number of channels. A cast has one binary point; 0 in its place: none.
 */

/** moments [2, channels] = mean and variance of x; `work` is room for twice `period` doubles and `period` float32. */
export function channelMoments(x: usize, moments: usize, count: i32, period: i32, channels: i32, work: usize): void {
  const full = (count / period) * period;
  const width = (<usize>period) << 2;
  memory.fill(work, 0, 4 * width);
  Loops.moments(x, full, width, work);
  if (full < count) Loops.moments(Sums.lastRow(x, full, count, width, work + 4 * width), period, width, work);
  const rows = <f64>(count / channels);
  for (let channel = 0; channel < channels; channel++) {
    const mean = Sums.fold(work, period, channel, channels) / rows;
    const square = Sums.fold(work + 2 * width, period, channel, channels) / rows;
    store<f32>(moments + ((<usize>channel) << 2), <f32>mean);
    store<f32>(moments + ((<usize>(channels + channel)) << 2), <f32>max<f64>(0, square - mean * mean));
  }
}

/** y = cast(a[c] * x + b[c]); a is 0 for slopes of 1; `work` is room for three times `period` float32. */
export function channelAffine(
  x: usize,
  a: usize,
  b: usize,
  y: usize,
  count: i32,
  period: i32,
  channels: i32,
  cast: usize,
  work: usize,
): void {
  const full = (count / period) * period;
  const width = (<usize>period) << 2;
  const tables = Tables.write(a, b, period, channels, work);
  Loops.affine(x, y, full, width, tables, cast);
  if (full === count) return;
  const last = Sums.lastRow(x, full, count, width, work + 2 * width);
  Loops.affine(last, last, period, width, tables, cast);
  memory.copy(y + ((<usize>full) << 2), last, (<usize>(count - full)) << 2);
}

/**
 * The gradients of `channelAffine` with respect to the result before the cast: g = dy where the cast passes it, else 0 (0 in
 * place of g: not wanted), da = sum of g * x (0: not wanted) and db = sum of g for each channel, dp [1] as in `castGradient`.
 * `work` is room for three times `period` doubles and four times `period` float32.
 */
export function channelAffineGradient(
  x: usize,
  dy: usize,
  a: usize,
  b: usize,
  g: usize,
  da: usize,
  db: usize,
  dp: usize,
  count: i32,
  period: i32,
  channels: i32,
  cast: usize,
  factor: f64,
  work: usize,
): void {
  const full = (count / period) * period;
  const width = (<usize>period) << 2;
  memory.fill(work, 0, 6 * width);
  const tables = Tables.write(a, b, period, channels, work + 6 * width);
  Loops.gradient(x, dy, g, full, width, tables, cast, work);
  if (full < count) {
    const lastX = Sums.lastRow(x, full, count, width, tables + 2 * width);
    const lastDy = Sums.lastRow(dy, full, count, width, tables + 3 * width);
    Loops.gradient(lastX, lastDy, g ? lastX : 0, period, width, tables, cast, work);
    if (g) memory.copy(g + ((<usize>full) << 2), lastX, (<usize>(count - full)) << 2);
  }
  for (let channel = 0; channel < channels; channel++) {
    const at = (<usize>channel) << 2;
    if (da) store<f32>(da + at, <f32>Sums.fold(work, period, channel, channels));
    store<f32>(db + at, <f32>Sums.fold(work + 2 * width, period, channel, channels));
  }
  const step: f64 = cast ? changetype<Cast>(cast).step : 0;
  store<f32>(dp, <f32>(factor * step * Sums.fold(work + 4 * width, period, 0, 1)));
}

/**
 * dx = a * g + slope * x + offset for each channel: the gradient of an affine function whose coefficients depend on the mean
 * and the variance of x. `work` is room for six times `period` float32.
 */
export function normalizationGradient(
  x: usize,
  g: usize,
  a: usize,
  slope: usize,
  offset: usize,
  dx: usize,
  count: i32,
  period: i32,
  channels: i32,
  work: usize,
): void {
  const full = (count / period) * period;
  const width = (<usize>period) << 2;
  const tables = Tables.write(slope, offset, period, channels, work);
  Tables.write(a, a, period, channels, work + 2 * width);
  Loops.normalization(x, g, dx, full, width, tables);
  if (full === count) return;
  const lastX = Sums.lastRow(x, full, count, width, work + 4 * width);
  const lastG = Sums.lastRow(g, full, count, width, work + 5 * width);
  Loops.normalization(lastX, lastG, lastX, period, width, tables);
  memory.copy(dx + ((<usize>full) << 2), lastX, (<usize>(count - full)) << 2);
}

/** Numbers of channels, repeated to rows. */
abstract class Tables {
  /** Two rows at `tables`: slopes (0: ones) and offsets. */
  static write(slopes: usize, offsets: usize, period: i32, channels: i32, tables: usize): usize {
    for (let lane = 0; lane < period; lane++) {
      const from = (<usize>(lane % channels)) << 2;
      const to = tables + ((<usize>lane) << 2);
      store<f32>(to, slopes ? load<f32>(slopes + from) : 1);
      store<f32>(to + ((<usize>period) << 2), load<f32>(offsets + from));
    }
    return tables;
  }
}

/** The loops over blocks of rows of `width` bytes, column after column of four elements, so that constants stay in registers. */
abstract class Loops {
  static moments(x: usize, count: i32, width: usize, sums: usize): void {
    const end = x + ((<usize>count) << 2);
    while (x < end) {
      const rows = min(width * Sums.block, end - x);
      for (let at: usize = 0; at < width; at += 16) {
        let lowSum = f64x2.splat(0);
        let highSum = f64x2.splat(0);
        let lowSquares = f64x2.splat(0);
        let highSquares = f64x2.splat(0);
        for (let offset = at; offset < rows; offset += width) {
          const value = v128.load(x + offset);
          const low = f64x2.promote_low_f32x4(value);
          const high = f64x2.promote_low_f32x4(Sums.upper(value));
          lowSum = f64x2.add(lowSum, low);
          highSum = f64x2.add(highSum, high);
          lowSquares = f64x2.add(lowSquares, f64x2.mul(low, low));
          highSquares = f64x2.add(highSquares, f64x2.mul(high, high));
        }
        Sums.addPair(sums + 2 * at, lowSum, highSum);
        Sums.addPair(sums + 2 * width + 2 * at, lowSquares, highSquares);
      }
      x += rows;
    }
  }

  static affine(x: usize, y: usize, count: i32, width: usize, tables: usize, cast: usize): void {
    const given = changetype<Cast>(cast);
    const kind = Lanes.kindOf(cast);
    if (kind === sizeof<None>()) Loops.affineOf<None>(x, y, count, width, tables, given);
    else if (kind === sizeof<Plain>()) Loops.affineOf<Plain>(x, y, count, width, tables, given);
    else Loops.affineOf<Any>(x, y, count, width, tables, given);
  }

  @inline
  private static affineOf<Kind>(x: usize, y: usize, count: i32, width: usize, tables: usize, cast: Cast): void {
    const end = x + ((<usize>count) << 2);
    const casts = sizeof<Kind>() !== sizeof<None>();
    const minimum = f32x4.splat(casts ? cast.minimum : 0);
    const maximum = f32x4.splat(casts ? cast.maximum : 0);
    const scale = f32x4.splat(casts ? cast.scale : 0);
    const step = f32x4.splat(casts ? cast.step : 0);
    const belowHalf = f32x4.splat(casts ? cast.belowHalf : 0);
    while (x < end) {
      const rows = min(width * Sums.block, end - x);
      for (let at: usize = 0; at < width; at += 16) {
        const a = v128.load(tables + at);
        const b = v128.load(tables + width + at);
        for (let offset = at; offset < rows; offset += width) {
          let value = f32x4.add(f32x4.mul(a, v128.load(x + offset)), b);
          if (casts) {
            const rounded = Lanes.round<Kind>(f32x4.mul(value, scale), cast, belowHalf);
            let raw = Lanes.clip(rounded, minimum, maximum);
            if (sizeof<Kind>() === sizeof<Any>() && cast.saturatesToZero)
              raw = v128.and(raw, Lanes.isSame(raw, rounded));
            value = f32x4.mul(raw, step);
          }
          v128.store(y + offset, value);
        }
      }
      x += rows;
      y += rows;
    }
  }

  static gradient(
    x: usize,
    dy: usize,
    g: usize,
    count: i32,
    width: usize,
    tables: usize,
    cast: usize,
    sums: usize,
  ): void {
    const given = changetype<Cast>(cast);
    const kind = Lanes.kindOf(cast);
    if (kind === sizeof<None>()) Loops.gradientOf<None>(x, dy, g, count, width, tables, given, sums);
    else if (kind === sizeof<Plain>()) Loops.gradientOf<Plain>(x, dy, g, count, width, tables, given, sums);
    else Loops.gradientOf<Any>(x, dy, g, count, width, tables, given, sums);
  }

  @inline
  private static gradientOf<Kind>(
    x: usize,
    dy: usize,
    g: usize,
    count: i32,
    width: usize,
    tables: usize,
    cast: Cast,
    sums: usize,
  ): void {
    const end = x + ((<usize>count) << 2);
    const casts = sizeof<Kind>() !== sizeof<None>();
    const minimum = f32x4.splat(casts ? cast.minimum : 0);
    const maximum = f32x4.splat(casts ? cast.maximum : 0);
    const scale = f32x4.splat(casts ? cast.scale : 0);
    const belowHalf = f32x4.splat(casts ? cast.belowHalf : 0);
    while (x < end) {
      const rows = min(width * Sums.block, end - x);
      for (let at: usize = 0; at < width; at += 16) {
        const a = v128.load(tables + at);
        const b = v128.load(tables + width + at);
        let products = f32x4.splat(0);
        let plain = f32x4.splat(0);
        let points = f32x4.splat(0);
        for (let offset = at; offset < rows; offset += width) {
          const input = v128.load(x + offset);
          let gradient = v128.load(dy + offset);
          if (casts) {
            const value = f32x4.mul(f32x4.add(f32x4.mul(a, input), b), scale);
            const rounded = Lanes.round<Kind>(value, cast, belowHalf);
            let raw = Lanes.clip(rounded, minimum, maximum);
            const inside = Lanes.isSame(raw, rounded);
            if (sizeof<Kind>() === sizeof<Any>() && cast.saturatesToZero) raw = v128.and(raw, inside);
            points = f32x4.add(points, f32x4.mul(gradient, f32x4.sub(v128.and(value, inside), raw)));
            gradient = v128.and(gradient, inside);
          }
          products = f32x4.add(products, f32x4.mul(gradient, input));
          plain = f32x4.add(plain, gradient);
          if (g) v128.store(g + offset, gradient);
        }
        Sums.add(sums + 2 * at, products);
        Sums.add(sums + 2 * width + 2 * at, plain);
        if (casts) Sums.add(sums + 4 * width + 2 * at, points);
      }
      x += rows;
      dy += rows;
      if (g) g += rows;
    }
  }

  static normalization(x: usize, g: usize, dx: usize, count: i32, width: usize, tables: usize): void {
    const end = x + ((<usize>count) << 2);
    while (x < end) {
      const rows = min(width * Sums.block, end - x);
      for (let at: usize = 0; at < width; at += 16) {
        const slope = v128.load(tables + at);
        const summand = v128.load(tables + width + at);
        const a = v128.load(tables + 2 * width + at);
        for (let offset = at; offset < rows; offset += width) {
          const throughMoments = f32x4.add(f32x4.mul(slope, v128.load(x + offset)), summand);
          v128.store(dx + offset, f32x4.add(f32x4.mul(a, v128.load(g + offset)), throughMoments));
        }
      }
      x += rows;
      g += rows;
      dx += rows;
    }
  }
}
