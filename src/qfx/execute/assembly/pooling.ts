import { castLanes, storeCast } from './cast';
import { loadFour, loadInteger, storeFour } from './storage';

/**
 * The largest value (`average` false), or the sum times a factor, of the values on the image under each window, channel by
 * channel, in int32.
 * @param factors int32 by the number of values under a window
 */
export function poolWindows(
  input: usize,
  inputStorage: i32,
  height: i32,
  width: i32,
  channels: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  strideRows: i32,
  strideColumns: i32,
  top: i32,
  left: i32,
  rows: i32,
  columns: i32,
  average: bool,
  factors: usize,
  output: usize,
  outputStorage: i32,
  cast: usize,
): void {
  for (let row = 0; row < rows; row++) {
    const firstRow = max(row * strideRows - top, 0);
    const endRow = min(row * strideRows - top + kernelHeight, height);
    for (let column = 0; column < columns; column++) {
      const firstColumn = max(column * strideColumns - left, 0);
      const endColumn = min(column * strideColumns - left + kernelWidth, width);
      const target = (row * columns + column) * channels;
      const factor = average
        ? v128.load_splat<i32>(factors + ((<usize>((endRow - firstRow) * (endColumn - firstColumn))) << 2))
        : i32x4.splat(1);
      for (let channel = 0; channel < channels; channel += 4) {
        let result = average ? i32x4.splat(0) : i32x4.splat(i32.MIN_VALUE);
        for (let y = firstRow; y < endRow; y++) {
          let at = (y * width + firstColumn) * channels + channel;
          for (let x = firstColumn; x < endColumn; x++) {
            const value = loadFour(input, at, inputStorage);
            result = average ? i32x4.add(result, value) : i32x4.max_s(result, value);
            at += channels;
          }
        }
        const value = castLanes(i32x4.mul(result, factor), cast, false);
        storeFour(output, target + channel, outputStorage, value, channels - channel);
      }
    }
  }
}

/** The same in int64. */
export function poolWindowIntegers(
  input: usize,
  inputStorage: i32,
  height: i32,
  width: i32,
  channels: i32,
  kernelHeight: i32,
  kernelWidth: i32,
  strideRows: i32,
  strideColumns: i32,
  top: i32,
  left: i32,
  rows: i32,
  columns: i32,
  average: bool,
  factors: usize,
  output: usize,
  outputStorage: i32,
  casts: usize,
  period: i32,
): void {
  for (let row = 0; row < rows; row++) {
    const firstRow = max(row * strideRows - top, 0);
    const endRow = min(row * strideRows - top + kernelHeight, height);
    for (let column = 0; column < columns; column++) {
      const firstColumn = max(column * strideColumns - left, 0);
      const endColumn = min(column * strideColumns - left + kernelWidth, width);
      const target = (row * columns + column) * channels;
      const taps = (endRow - firstRow) * (endColumn - firstColumn);
      const factor: i64 = average ? load<i64>(factors + ((<usize>taps) << 3)) : 1;
      for (let channel = 0; channel < channels; channel++) {
        let result: i64 = average ? 0 : i64.MIN_VALUE;
        for (let y = firstRow; y < endRow; y++) {
          for (let x = firstColumn; x < endColumn; x++) {
            const value = loadInteger(input, (y * width + x) * channels + channel, inputStorage);
            result = average ? result + value : max(result, value);
          }
        }
        storeCast(output, target + channel, outputStorage, result * factor, casts, period);
      }
    }
  }
}
