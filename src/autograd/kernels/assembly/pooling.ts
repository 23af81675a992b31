import { loadFirst, storeFirst } from './lanes';

/**
 * Pooling over [batch, height, width, channels], four channels at a time. Outputs are [batch, yHeight, yWidth, channels];
 * the window of output (row, column) starts at (row * rowStride - top, column * columnStride - left), and what lies outside of
 * the image does not count.
 */

/** Sums over windows, added in doubles in row-major order and rounded once. */
export function sumWindows(
  x: usize,
  y: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  yHeight: i32,
  yWidth: i32,
  windowHeight: i32,
  windowWidth: i32,
  rowStride: i32,
  columnStride: i32,
  top: i32,
  left: i32,
): void {
  const pixelBytes = (<usize>channels) << 2;
  const rowBytes = <usize>width * pixelBytes;
  for (let image = 0; image < batch; image++) {
    for (let yRow = 0; yRow < yHeight; yRow++) {
      const rowStart = yRow * rowStride - top;
      const rowEnd = min(rowStart + windowHeight, height);
      for (let yColumn = 0; yColumn < yWidth; yColumn++) {
        const columnStart = yColumn * columnStride - left;
        const first = <usize>max(columnStart, 0) * pixelBytes;
        const end = <usize>max(min(columnStart + windowWidth, width), 0) * pixelBytes;
        for (let channel = 0; channel < channels; channel += 4) {
          const rest = channels - channel;
          const at = x + ((<usize>channel) << 2);
          let low = f64x2.splat(0);
          let high = low;
          for (let row = max(rowStart, 0); row < rowEnd; row++) {
            const start = at + <usize>row * rowBytes;
            for (let column = first; column < end; column += pixelBytes) {
              const value = loadFirst(start + column, rest);
              low = f64x2.add(low, f64x2.promote_low_f32x4(value));
              high = f64x2.add(high, f64x2.promote_low_f32x4(i32x4.shuffle(value, value, 2, 3, 2, 3)));
            }
          }
          const sum = i32x4.shuffle(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5);
          storeFirst(y + ((<usize>channel) << 2), sum, rest);
        }
        y += pixelBytes;
      }
    }
    x += <usize>height * rowBytes;
  }
}

/** dx = for each element, the sum of dy over the windows that hold it; divided by the elements of each window if `isAverage`. */
export function spreadWindows(
  dy: usize,
  dx: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  yHeight: i32,
  yWidth: i32,
  windowHeight: i32,
  windowWidth: i32,
  rowStride: i32,
  columnStride: i32,
  top: i32,
  left: i32,
  isAverage: i32,
): void {
  const pixelBytes = (<usize>channels) << 2;
  const rowBytes = <usize>width * pixelBytes;
  const imageBytes = <usize>height * rowBytes;
  memory.fill(dx, 0, <usize>batch * imageBytes);
  for (let image = 0; image < batch; image++) {
    for (let yRow = 0; yRow < yHeight; yRow++) {
      const rowStart = yRow * rowStride - top;
      const rowFirst = max(rowStart, 0);
      const rowEnd = min(rowStart + windowHeight, height);
      for (let yColumn = 0; yColumn < yWidth; yColumn++) {
        const columnStart = yColumn * columnStride - left;
        const columnFirst = max(columnStart, 0);
        const columnEnd = max(min(columnStart + windowWidth, width), columnFirst);
        const count = (rowEnd - rowFirst) * (columnEnd - columnFirst);
        const factor = f32x4.splat(isAverage ? 1 / <f32>count : 1);
        for (let channel = 0; channel < channels; channel += 4) {
          const rest = channels - channel;
          const gradient = f32x4.mul(loadFirst(dy + ((<usize>channel) << 2), rest), factor);
          for (let row = rowFirst; row < rowEnd; row++) {
            const start = dx + <usize>row * rowBytes + ((<usize>channel) << 2);
            const end = start + <usize>columnEnd * pixelBytes;
            for (let at = start + <usize>columnFirst * pixelBytes; at < end; at += pixelBytes)
              storeFirst(at, f32x4.add(loadFirst(at, rest), gradient), rest);
          }
        }
        dy += pixelBytes;
      }
    }
    dx += imageBytes;
  }
}

/** dx = for each element, the sum of dy over the windows whose maximum it is; of equal elements the first of a window. */
export function maximumGradient(
  x: usize,
  dy: usize,
  dx: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: i32,
  yHeight: i32,
  yWidth: i32,
  windowHeight: i32,
  windowWidth: i32,
  rowStride: i32,
  columnStride: i32,
  top: i32,
  left: i32,
): void {
  const pixelBytes = (<usize>channels) << 2;
  const rowBytes = <usize>width * pixelBytes;
  const imageBytes = <usize>height * rowBytes;
  memory.fill(dx, 0, <usize>batch * imageBytes);
  for (let image = 0; image < batch; image++) {
    for (let yRow = 0; yRow < yHeight; yRow++) {
      const rowStart = yRow * rowStride - top;
      const rowFirst = max(rowStart, 0);
      const rowEnd = min(rowStart + windowHeight, height);
      for (let yColumn = 0; yColumn < yWidth; yColumn++) {
        const columnStart = yColumn * columnStride - left;
        const columnFirst = <usize>max(columnStart, 0) * pixelBytes;
        const columnEnd = <usize>max(min(columnStart + windowWidth, width), 0) * pixelBytes;
        for (let channel = 0; channel < channels; channel += 4) {
          const rest = channels - channel;
          const offset = (<usize>channel) << 2;
          // Positions are offsets into the image: one for each of the four channels, 1 for none.
          let largest = f32x4.splat(-Infinity);
          let position = i32x4.splat(1);
          for (let row = rowFirst; row < rowEnd; row++) {
            const start = offset + <usize>row * rowBytes;
            for (let at = start + columnFirst; at < start + columnEnd; at += pixelBytes) {
              const value = loadFirst(x + at, rest);
              const isLarger = f32x4.gt(value, largest);
              largest = v128.bitselect(value, largest, isLarger);
              position = v128.bitselect(i32x4.splat(<i32>at), position, isLarger);
            }
          }
          const gradient = loadFirst(dy + offset, rest);
          for (let row = rowFirst; row < rowEnd; row++) {
            const start = offset + <usize>row * rowBytes;
            for (let at = start + columnFirst; at < start + columnEnd; at += pixelBytes) {
              const part = v128.and(gradient, i32x4.eq(position, i32x4.splat(<i32>at)));
              storeFirst(dx + at, f32x4.add(loadFirst(dx + at, rest), part), rest);
            }
          }
        }
        dy += pixelBytes;
      }
    }
    x += imageBytes;
    dx += imageBytes;
  }
}
