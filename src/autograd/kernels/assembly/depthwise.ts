import { storeFirst } from './lanes';

/**
 * Convolutions of each channel by itself, four channels at a time. Images have as many channels as the outputs (each input
 * channel once for every output that it makes), rounded up to fours. Parameters as in `correlate`.
 */

/** y[channel] = sum of the `multiplier` numbers of each channel. */
export function sumChannels(x: usize, y: usize, count: i32, multiplier: i32): void {
  for (let index = 0; index < count; index++) {
    let sum = load<f32>(x);
    x += 4;
    for (let copy = 1; copy < multiplier; copy++) {
      sum += load<f32>(x);
      x += 4;
    }
    store<f32>(y, sum);
    y += 4;
  }
}

/**
 * One image under a window with a filter of its own for each channel. Four columns are computed at once.
 * @param tapGap bytes from a tap of the window to the next one in its row
 * @param filter of the window's first tap; taps are `filterRow` and `filterColumn` bytes apart, which may be negative
 * @param channels of y; x and the filter have them rounded up to fours
 */
export function depthwise(
  x: usize,
  rows: i32,
  rowBytes: usize,
  columnBytes: usize,
  top: i32,
  rowStride: i32,
  windowRows: i32,
  windowSpacing: i32,
  windowColumns: i32,
  tapGap: usize,
  filter: usize,
  filterRow: isize,
  filterColumn: isize,
  y: usize,
  yRows: i32,
  yColumns: i32,
  yRowBytes: usize,
  yColumnBytes: usize,
  channels: i32,
): void {
  const last = yColumns - 1;
  for (let row = 0; row < yRows; row++) {
    const firstRow = row * rowStride + top;
    let first = 0;
    while (first < windowRows && firstRow + first * windowSpacing < 0) first++;
    let end = windowRows;
    while (end > first && firstRow + (end - 1) * windowSpacing >= rows) end--;
    const yRow = y + <usize>row * yRowBytes;
    for (let column = 0; column <= last; column += 4) {
      const column1 = min(column + 1, last);
      const column2 = min(column + 2, last);
      const column3 = min(column + 3, last);
      for (let channel = 0; channel < channels; channel += 4) {
        const at = (<usize>channel) << 2;
        let sum0 = f32x4.splat(0);
        let sum1 = sum0;
        let sum2 = sum0;
        let sum3 = sum0;
        for (let windowRow = first; windowRow < end; windowRow++) {
          const start = x + <usize>(firstRow + windowRow * windowSpacing) * rowBytes + at;
          let x0 = start + <usize>column * columnBytes;
          let x1 = start + <usize>column1 * columnBytes;
          let x2 = start + <usize>column2 * columnBytes;
          let x3 = start + <usize>column3 * columnBytes;
          let w = filter + windowRow * filterRow + at;
          for (let tap = 0; tap < windowColumns; tap++) {
            const weight = v128.load(w);
            sum0 = f32x4.add(sum0, f32x4.mul(v128.load(x0), weight));
            sum1 = f32x4.add(sum1, f32x4.mul(v128.load(x1), weight));
            sum2 = f32x4.add(sum2, f32x4.mul(v128.load(x2), weight));
            sum3 = f32x4.add(sum3, f32x4.mul(v128.load(x3), weight));
            w += filterColumn;
            x0 += tapGap;
            x1 += tapGap;
            x2 += tapGap;
            x3 += tapGap;
          }
        }
        const used = channels - channel;
        storeFirst(yRow + <usize>column * yColumnBytes + at, sum0, used);
        storeFirst(yRow + <usize>column1 * yColumnBytes + at, sum1, used);
        storeFirst(yRow + <usize>column2 * yColumnBytes + at, sum2, used);
        storeFirst(yRow + <usize>column3 * yColumnBytes + at, sum3, used);
      }
    }
  }
}

/**
 * Adds one image's part of the filters' gradients: sums[window row, window column, channel] += sum over all columns of the tap
 * times dy. Four taps of a row are computed at once; taps beyond the last repeat it.
 * @param channels of x, dy [dyRows, dyColumns, channels] and the sums: a multiple of 4
 * @param strip rows of dy that are gone through at once
 */
export function depthwiseGradient(
  x: usize,
  rows: i32,
  rowBytes: usize,
  columnBytes: usize,
  top: i32,
  rowStride: i32,
  windowRows: i32,
  windowSpacing: i32,
  windowColumns: i32,
  tapGap: usize,
  dy: usize,
  dyRows: i32,
  dyColumns: i32,
  channels: i32,
  sums: usize,
  strip: i32,
): void {
  const pixelBytes = (<usize>channels) << 2;
  const dyRowBytes = <usize>dyColumns * pixelBytes;
  const lastTap = windowColumns - 1;
  for (let firstRow = 0; firstRow < dyRows; firstRow += strip) {
    const endRow = min(firstRow + strip, dyRows);
    for (let windowRow = 0; windowRow < windowRows; windowRow++) {
      const offset = top + windowRow * windowSpacing;
      let from = firstRow;
      while (from < endRow && from * rowStride + offset < 0) from++;
      let to = endRow;
      while (to > from && (to - 1) * rowStride + offset >= rows) to--;
      for (let tap = 0; tap <= lastTap; tap += 4) {
        const tap1 = <usize>min(tap + 1, lastTap);
        const tap2 = <usize>min(tap + 2, lastTap);
        const tap3 = <usize>min(tap + 3, lastTap);
        for (let at: usize = 0; at < pixelBytes; at += 16) {
          const sumRow = sums + <usize>(windowRow * windowColumns) * pixelBytes + at;
          const to0 = sumRow + <usize>tap * pixelBytes;
          const to1 = sumRow + tap1 * pixelBytes;
          const to2 = sumRow + tap2 * pixelBytes;
          const to3 = sumRow + tap3 * pixelBytes;
          let sum0 = v128.load(to0);
          let sum1 = v128.load(to1);
          let sum2 = v128.load(to2);
          let sum3 = v128.load(to3);
          for (let row = from; row < to; row++) {
            const start = x + <usize>(row * rowStride + offset) * rowBytes + at;
            let x0 = start + <usize>tap * tapGap;
            let x1 = start + tap1 * tapGap;
            let x2 = start + tap2 * tapGap;
            let x3 = start + tap3 * tapGap;
            let gradient = dy + <usize>row * dyRowBytes + at;
            const end = gradient + dyRowBytes;
            while (gradient < end) {
              const value = v128.load(gradient);
              sum0 = f32x4.add(sum0, f32x4.mul(v128.load(x0), value));
              sum1 = f32x4.add(sum1, f32x4.mul(v128.load(x1), value));
              sum2 = f32x4.add(sum2, f32x4.mul(v128.load(x2), value));
              sum3 = f32x4.add(sum3, f32x4.mul(v128.load(x3), value));
              gradient += pixelBytes;
              x0 += columnBytes;
              x1 += columnBytes;
              x2 += columnBytes;
              x3 += columnBytes;
            }
          }
          v128.store(to0, sum0);
          v128.store(to1, sum1);
          v128.store(to2, sum2);
          v128.store(to3, sum3);
        }
      }
    }
  }
}
