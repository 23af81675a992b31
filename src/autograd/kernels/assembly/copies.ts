/** Copies of images that the functions beside this file can read without looking at borders and rests. */

/** Sets numbers to zero. */
export function clear(y: usize, count: i32): void {
  memory.fill(y, 0, (<usize>count) << 2);
}

/** Copies `rows` rows of `bytes` bytes with zeros left and right of each. */
export function padRows(x: usize, y: usize, rows: i32, bytes: usize, left: usize, right: usize): void {
  for (let row = 0; row < rows; row++) {
    memory.fill(y, 0, left);
    memory.copy(y + left, x, bytes);
    y += left + bytes;
    memory.fill(y, 0, right);
    y += right;
    x += bytes;
  }
}

/**
 * Copies pixels with each channel `multiplier` times, zeros up to `paddedChannels`, and rows between `left` and `right` columns
 * of zeros.
 */
export function repeatChannels(
  x: usize,
  y: usize,
  rows: i32,
  columns: i32,
  channels: i32,
  multiplier: i32,
  paddedChannels: i32,
  left: i32,
  right: i32,
): void {
  const rest = paddedChannels - channels * multiplier;
  for (let row = 0; row < rows; row++) {
    y = clearNext(y, left * paddedChannels);
    for (let column = 0; column < columns; column++) {
      for (let channel = 0; channel < channels; channel++) {
        const value = load<f32>(x);
        for (let copy = 0; copy < multiplier; copy++) {
          store<f32>(y, value);
          y += 4;
        }
        x += 4;
      }
      y = clearNext(y, rest);
    }
    y = clearNext(y, right * paddedChannels);
  }
}

/** Few zeros; returns the address behind them. */
function clearNext(y: usize, count: i32): usize {
  for (let index = 0; index < count; index++) {
    store<f32>(y, 0);
    y += 4;
  }
  return y;
}

/** Copies `rows` rows of `channels` numbers out of rows of `paddedChannels`. */
export function cutChannels(x: usize, y: usize, rows: i32, channels: i32, paddedChannels: i32): void {
  const bytes = (<usize>channels) << 2;
  for (let row = 0; row < rows; row++) {
    memory.copy(y, x, bytes);
    x += (<usize>paddedChannels) << 2;
    y += bytes;
  }
}
