/**
 * Winograd's minimal filtering of 3 x 3 windows with stride 1: a tile of 2 x 2 outputs needs 16 products a pair of channels in
 * place of 36. Tiles are transformed into 16 planes, [tiles, channels] each, planes are multiplied as matrices, and the products
 * are transformed back. Tiles of all images are counted row after row: rows `first` to `end` are worked on at once.
 */

/**
 * Tiles of 4 x 4 pixels, two apart, to planes (B' d B). What lies outside of an image counts as zeros.
 * @param top rows of zeros above an image
 * @param left columns of zeros left of it
 * @param work room for one row of an image, and four rows of tiles between `left` columns and the last that a tile sees
 */
export function windowTiles(
  x: usize,
  height: i32,
  width: i32,
  channels: i32,
  top: i32,
  left: i32,
  tileRows: i32,
  tileColumns: i32,
  first: i32,
  end: i32,
  planes: usize,
  planeBytes: usize,
  work: usize,
): void {
  const pixelBytes = (<usize>channels) << 2;
  const rowBytes = <usize>width * pixelBytes;
  const lineBytes = <usize>max(left + width, 2 * tileColumns + 2) * pixelBytes;
  const lines = work + rowBytes;
  memory.fill(work, 0, rowBytes + 4 * lineBytes);
  for (let row = first; row < end; row++) {
    const image = x + <usize>((row / tileRows) * height) * rowBytes;
    const start = 2 * (row % tileRows) - top;
    const row0 = Tiles.rowAt(image, start, height, rowBytes, work);
    const row1 = Tiles.rowAt(image, start + 1, height, rowBytes, work);
    const row2 = Tiles.rowAt(image, start + 2, height, rowBytes, work);
    const row3 = Tiles.rowAt(image, start + 3, height, rowBytes, work);
    Tiles.windows(row0, row1, row2, row3, lines + <usize>left * pixelBytes, lineBytes, rowBytes);
    for (let line = 0; line < 4; line++) {
      let from = lines + <usize>line * lineBytes;
      let to = planes + <usize>(4 * line) * planeBytes;
      for (let tile = 0; tile < tileColumns; tile++) {
        const second = from + pixelBytes;
        const third = second + pixelBytes;
        Tiles.windows(from, second, third, third + pixelBytes, to, planeBytes, pixelBytes);
        from = third;
        to += pixelBytes;
      }
    }
    planes += <usize>tileColumns * pixelBytes;
  }
}

/** Tiles of 2 x 2 pixels to planes (A d A'), the counterpart of `windowTiles` in a filter's gradient. Parameters as there. */
export function gradientTiles(
  dy: usize,
  height: i32,
  width: i32,
  channels: i32,
  tileRows: i32,
  tileColumns: i32,
  first: i32,
  end: i32,
  planes: usize,
  planeBytes: usize,
  work: usize,
): void {
  const pixelBytes = (<usize>channels) << 2;
  const rowBytes = <usize>width * pixelBytes;
  const lineBytes = <usize>(2 * tileColumns) * pixelBytes;
  const lines = work + rowBytes;
  memory.fill(work, 0, rowBytes + 4 * lineBytes);
  for (let row = first; row < end; row++) {
    const image = dy + <usize>((row / tileRows) * height) * rowBytes;
    const start = 2 * (row % tileRows);
    const row0 = Tiles.rowAt(image, start, height, rowBytes, work);
    const row1 = Tiles.rowAt(image, start + 1, height, rowBytes, work);
    Tiles.gradients(row0, row1, lines, lineBytes, rowBytes);
    for (let line = 0; line < 4; line++) {
      let from = lines + <usize>line * lineBytes;
      let to = planes + <usize>(4 * line) * planeBytes;
      for (let tile = 0; tile < tileColumns; tile++) {
        Tiles.gradients(from, from + pixelBytes, to, planeBytes, pixelBytes);
        from += 2 * pixelBytes;
        to += pixelBytes;
      }
    }
    planes += <usize>tileColumns * pixelBytes;
  }
}

/**
 * Planes back to tiles of 2 x 2 pixels (A' m A); what of a tile lies outside of the image is dropped.
 * @param work room for four rows of tiles
 */
export function resultTiles(
  planes: usize,
  planeBytes: usize,
  y: usize,
  height: i32,
  width: i32,
  channels: i32,
  tileRows: i32,
  tileColumns: i32,
  first: i32,
  end: i32,
  work: usize,
): void {
  const pixelBytes = (<usize>channels) << 2;
  const rowBytes = <usize>width * pixelBytes;
  const lineBytes = <usize>(2 * tileColumns) * pixelBytes;
  for (let row = first; row < end; row++) {
    for (let line = 0; line < 4; line++) {
      let from = planes + <usize>(4 * line) * planeBytes;
      let to = work + <usize>line * lineBytes;
      for (let tile = 0; tile < tileColumns; tile++) {
        Tiles.results(from, planeBytes, to, to + pixelBytes, pixelBytes);
        from += pixelBytes;
        to += 2 * pixelBytes;
      }
    }
    const start = 2 * (row % tileRows);
    const upper = y + <usize>((row / tileRows) * height + start) * rowBytes;
    // The row below the last one goes where it came from.
    const lower = start + 1 < height ? upper + rowBytes : work + lineBytes;
    Tiles.results(work, lineBytes, upper, lower, rowBytes);
    planes += <usize>tileColumns * pixelBytes;
  }
}

/**
 * Filters of 3 x 3 taps to planes (G g G'); each tap has `count` numbers, a multiple of 4.
 * @param tapBytes from a tap to the next; negative to turn the filter by half a turn, `filter` then being its last tap
 */
export function filterTiles(filter: usize, tapBytes: i32, planes: usize, count: i32, work: usize): void {
  const bytes = (<usize>count) << 2;
  const tap = <usize>tapBytes;
  for (let column: usize = 0; column < 3; column++) {
    const from = filter + column * tap;
    Tiles.filters(from, 3 * tap, work + column * bytes, 3 * bytes, bytes);
  }
  for (let line: usize = 0; line < 4; line++) Tiles.filters(work + 3 * line * bytes, bytes, planes + 4 * line * bytes, bytes, bytes);
}

/** Planes back to filters of 3 x 3 taps (G' m G): a filter's gradient. `work` is room for 12 times `count` numbers. */
export function filterResults(planes: usize, filter: usize, count: i32, work: usize): void {
  const bytes = (<usize>count) << 2;
  for (let column: usize = 0; column < 4; column++)
    Tiles.taps(planes + column * bytes, 4 * bytes, work + column * bytes, 4 * bytes, bytes);
  for (let row: usize = 0; row < 3; row++) Tiles.taps(work + 4 * row * bytes, bytes, filter + 3 * row * bytes, bytes, bytes);
}

/** One axis of the transforms; lines of `bytes` bytes are `step` bytes apart. */
abstract class Tiles {
  /** A row of an image, or the row of zeros. */
  @inline
  static rowAt(image: usize, row: i32, height: i32, rowBytes: usize, zeros: usize): usize {
    return row >= 0 && row < height ? image + <usize>row * rowBytes : zeros;
  }

  @inline
  static windows(x0: usize, x1: usize, x2: usize, x3: usize, y: usize, step: usize, bytes: usize): void {
    for (let at: usize = 0; at < bytes; at += 16) {
      const value1 = v128.load(x1 + at);
      const value2 = v128.load(x2 + at);
      const to = y + at;
      v128.store(to, f32x4.sub(v128.load(x0 + at), value2));
      v128.store(to + step, f32x4.add(value1, value2));
      v128.store(to + 2 * step, f32x4.sub(value2, value1));
      v128.store(to + 3 * step, f32x4.sub(value1, v128.load(x3 + at)));
    }
  }

  @inline
  static gradients(x0: usize, x1: usize, y: usize, step: usize, bytes: usize): void {
    for (let at: usize = 0; at < bytes; at += 16) {
      const value0 = v128.load(x0 + at);
      const value1 = v128.load(x1 + at);
      const to = y + at;
      v128.store(to, value0);
      v128.store(to + step, f32x4.add(value0, value1));
      v128.store(to + 2 * step, f32x4.sub(value0, value1));
      v128.store(to + 3 * step, f32x4.neg(value1));
    }
  }

  @inline
  static results(x: usize, step: usize, y0: usize, y1: usize, bytes: usize): void {
    for (let at: usize = 0; at < bytes; at += 16) {
      const from = x + at;
      const value1 = v128.load(from + step);
      const value2 = v128.load(from + 2 * step);
      v128.store(y0 + at, f32x4.add(v128.load(from), f32x4.add(value1, value2)));
      v128.store(y1 + at, f32x4.sub(f32x4.sub(value1, value2), v128.load(from + 3 * step)));
    }
  }

  static filters(x: usize, xStep: usize, y: usize, yStep: usize, bytes: usize): void {
    const half = f32x4.splat(0.5);
    for (let at: usize = 0; at < bytes; at += 16) {
      const from = x + at;
      const to = y + at;
      const value0 = v128.load(from);
      const value1 = f32x4.mul(half, v128.load(from + xStep));
      const value2 = v128.load(from + 2 * xStep);
      const ends = f32x4.mul(half, f32x4.add(value0, value2));
      v128.store(to, value0);
      v128.store(to + yStep, f32x4.add(ends, value1));
      v128.store(to + 2 * yStep, f32x4.sub(ends, value1));
      v128.store(to + 3 * yStep, value2);
    }
  }

  static taps(x: usize, xStep: usize, y: usize, yStep: usize, bytes: usize): void {
    const half = f32x4.splat(0.5);
    for (let at: usize = 0; at < bytes; at += 16) {
      const from = x + at;
      const to = y + at;
      const value1 = f32x4.mul(half, v128.load(from + xStep));
      const value2 = f32x4.mul(half, v128.load(from + 2 * xStep));
      const both = f32x4.add(value1, value2);
      v128.store(to, f32x4.add(v128.load(from), both));
      v128.store(to + yStep, f32x4.sub(value1, value2));
      v128.store(to + 2 * yStep, f32x4.add(both, v128.load(from + 3 * xStep)));
    }
  }
}
