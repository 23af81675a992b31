import { castLanes, isPlain, storeCast } from './cast';
import { loadFour, loadInteger, storeFour } from './storage';

/** scale[c] * x + offset[c] for `rows` rows of `channels` values; scale and offset are int32. */
export function scaleChannels(
  input: usize,
  inputStorage: i32,
  output: usize,
  outputStorage: i32,
  rows: i32,
  channels: i32,
  scale: usize,
  offset: usize,
  cast: usize,
): void {
  const plain = isPlain(cast);
  for (let row = 0; row < rows; row++) {
    if (plain && inputStorage == 1 && outputStorage == 1) {
      scaleRow(input, 1, output, 1, channels, scale, offset, cast, true);
    } else scaleRow(input, inputStorage, output, outputStorage, channels, scale, offset, cast, false);
    input += (<usize>channels) << inputStorage;
    output += (<usize>channels) << outputStorage;
  }
}

// @ts-ignore: decorator
@inline
function scaleRow(
  input: usize,
  inputStorage: i32,
  output: usize,
  outputStorage: i32,
  channels: i32,
  scale: usize,
  offset: usize,
  cast: usize,
  plain: bool,
): void {
  for (let channel = 0; channel < channels; channel += 4) {
    const at = (<usize>channel) << 2;
    const value = i32x4.mul(loadFour(input, channel, inputStorage), v128.load(scale + at));
    const sum = i32x4.add(value, v128.load(offset + at));
    storeFour(output, channel, outputStorage, castLanes(sum, cast, plain), channels - channel);
  }
}

/** The same on int64 constants. */
export function scaleChannelIntegers(
  input: usize,
  inputStorage: i32,
  output: usize,
  outputStorage: i32,
  rows: i32,
  channels: i32,
  scale: usize,
  offset: usize,
  casts: usize,
  period: i32,
): void {
  for (let row = 0; row < rows; row++) {
    for (let channel = 0; channel < channels; channel++) {
      const index = row * channels + channel;
      const at = (<usize>channel) << 3;
      const value = loadInteger(input, index, inputStorage) * load<i64>(scale + at) + load<i64>(offset + at);
      storeCast(output, index, outputStorage, value, casts, period);
    }
  }
}

/**
 * max(x, 0) * 2^shift, or `limit` where x is above `threshold` (no value is above the largest int32).
 */
export function rectify(
  input: usize,
  inputStorage: i32,
  output: usize,
  outputStorage: i32,
  count: i32,
  shift: i32,
  threshold: i32,
  limit: i32,
  cast: usize,
): void {
  const plain = isPlain(cast);
  if (plain && inputStorage == 1 && outputStorage == 1 && shift == 0 && threshold == i32.MAX_VALUE) {
    const zero = i32x4.splat(0);
    for (let index = 0; index < count; index += 4) {
      const value = i32x4.max_s(loadFour(input, index, 1), zero);
      storeFour(output, index, 1, castLanes(value, cast, true), count - index);
    }
    return;
  }
  for (let index = 0; index < count; index += 4) {
    const value = i32x4.max_s(loadFour(input, index, inputStorage), i32x4.splat(0));
    const above = i32x4.gt_s(value, i32x4.splat(threshold));
    const result = v128.bitselect(i32x4.splat(limit), i32x4.shl(value, shift), above);
    storeFour(output, index, outputStorage, castLanes(result, cast, false), count - index);
  }
}

/** The same on int64. */
export function rectifyIntegers(
  input: usize,
  inputStorage: i32,
  output: usize,
  outputStorage: i32,
  count: i32,
  shift: i32,
  threshold: i64,
  limit: i64,
  casts: usize,
  period: i32,
): void {
  for (let index = 0; index < count; index++) {
    const value = max<i64>(loadInteger(input, index, inputStorage), 0);
    storeCast(output, index, outputStorage, value > threshold ? limit : value << <i64>shift, casts, period);
  }
}

/** x times one of two int64 factors by its sign, of as many as there are slopes by the index of x modulo their number. */
export function slopeIntegers(
  input: usize,
  inputStorage: i32,
  output: usize,
  outputStorage: i32,
  count: i32,
  positive: usize,
  negative: usize,
  slopes: i32,
  casts: usize,
  period: i32,
): void {
  for (let index = 0; index < count; index++) {
    const value = loadInteger(input, index, inputStorage);
    const factor = load<i64>((value > 0 ? positive : negative) + ((<usize>(index % slopes)) << 3));
    storeCast(output, index, outputStorage, value * factor, casts, period);
  }
}

/**
 * Two operands, first * 2^firstShift and second * 2^secondShift: their sum (operation 0), difference (1), product (2), the larger
 * (3) or the smaller one (4).
 */
export function combineTwo(
  operation: i32,
  first: usize,
  firstStorage: i32,
  firstShift: i32,
  second: usize,
  secondStorage: i32,
  secondShift: i32,
  output: usize,
  outputStorage: i32,
  count: i32,
  cast: usize,
): void {
  // Sums, which networks are full of, know their operation when they are compiled.
  if (operation == 0 && isPlain(cast) && firstStorage == 1 && secondStorage == 1 && outputStorage == 1) {
    combineRow(0, first, 1, firstShift, second, 1, secondShift, output, 1, count, cast, true);
  } else if (operation == 0) {
    combineRow(0, first, firstStorage, firstShift, second, secondStorage, secondShift, output, outputStorage, count, cast, false);
  } else {
    combineRow(operation, first, firstStorage, firstShift, second, secondStorage, secondShift, output, outputStorage, count, cast, false);
  }
}

// @ts-ignore: decorator
@inline
function combineRow(
  operation: i32,
  first: usize,
  firstStorage: i32,
  firstShift: i32,
  second: usize,
  secondStorage: i32,
  secondShift: i32,
  output: usize,
  outputStorage: i32,
  count: i32,
  cast: usize,
  plain: bool,
): void {
  for (let index = 0; index < count; index += 4) {
    const a = i32x4.shl(loadFour(first, index, firstStorage), firstShift);
    const b = i32x4.shl(loadFour(second, index, secondStorage), secondShift);
    storeFour(output, index, outputStorage, castLanes(combineLanes(operation, a, b), cast, plain), count - index);
  }
}

// @ts-ignore: decorator
@inline
function combineLanes(operation: i32, a: v128, b: v128): v128 {
  if (operation == 0) return i32x4.add(a, b);
  if (operation == 1) return i32x4.sub(a, b);
  if (operation == 2) return i32x4.mul(a, b);
  return operation == 3 ? i32x4.max_s(a, b) : i32x4.min_s(a, b);
}

/** The same on int64. */
export function combineTwoIntegers(
  operation: i32,
  first: usize,
  firstStorage: i32,
  firstShift: i32,
  second: usize,
  secondStorage: i32,
  secondShift: i32,
  output: usize,
  outputStorage: i32,
  count: i32,
  casts: usize,
  period: i32,
): void {
  for (let index = 0; index < count; index++) {
    const a = loadInteger(first, index, firstStorage) << <i64>firstShift;
    const b = loadInteger(second, index, secondStorage) << <i64>secondShift;
    storeCast(output, index, outputStorage, combine(operation, a, b), casts, period);
  }
}

// @ts-ignore: decorator
@inline
function combine(operation: i32, a: i64, b: i64): i64 {
  if (operation == 0) return a + b;
  if (operation == 1) return a - b;
  if (operation == 2) return a * b;
  return operation == 3 ? max<i64>(a, b) : min<i64>(a, b);
}

/** The index of the largest of each row's `channels` values, the lowest one of several. */
export function largestIndex(
  input: usize,
  inputStorage: i32,
  output: usize,
  outputStorage: i32,
  rows: i32,
  channels: i32,
  casts: usize,
  period: i32,
): void {
  for (let row = 0; row < rows; row++) {
    let best = 0;
    let largest = loadInteger(input, row * channels, inputStorage);
    for (let channel = 1; channel < channels; channel++) {
      const value = loadInteger(input, row * channels + channel, inputStorage);
      if (value > largest) {
        largest = value;
        best = channel;
      }
    }
    storeCast(output, row, outputStorage, best, casts, period);
  }
}
