import { castLanes, isPlain, storeCast } from './cast';
import { loadInteger, storeFour } from './storage';

/**
 * Weighted sums (convolution, dense) over int16, two products in each of the four lanes of an instruction. An image has room
 * for its padding, so that every window is whole. A window is `segmentCount` runs of `pairs` pairs of values; the last pair may
 * reach one value beyond the run, its weight is 0.
 * @param segments byte offsets of the runs from where a window starts, int32
 * @param weights for each eight outputs: run by run, pair by pair, output by output the pair's weights
 * @param bias int32, as many as there are weights for outputs
 * @param pixelOutputs values of one pixel of the result
 */
export function sumPairs(
  input: usize,
  rowBytes: i32,
  pixelBytes: i32,
  rows: i32,
  columns: i32,
  segments: usize,
  segmentCount: i32,
  pairs: i32,
  weights: usize,
  bias: usize,
  outputs: i32,
  output: usize,
  storage: i32,
  pixelOutputs: i32,
  cast: usize,
): void {
  const plain = isPlain(cast);
  const blockBytes = <usize>(segmentCount * pairs * 32);
  for (let block = 0; block < outputs; block += 8) {
    const count = outputs - block;
    for (let row = 0; row < rows; row++) {
      const windows = input + <usize>(row * rowBytes);
      const first = row * columns * pixelOutputs + block;
      let column = 0;
      if (columns >= 4) {
        for (; column < columns; column += 4) {
          // The last four windows of a row may overlap with those before: the same results are stored again.
          if (column > columns - 4) column = columns - 4;
          const window = windows + <usize>(column * pixelBytes);
          const target = first + column * pixelOutputs;
          if (plain && storage == 1) {
            fourWindows(window, pixelBytes, segments, segmentCount, pairs, weights, bias, output, target, 1, pixelOutputs, count, cast, true);
          } else {
            fourWindows(window, pixelBytes, segments, segmentCount, pairs, weights, bias, output, target, storage, pixelOutputs, count, cast, false);
          }
        }
      }
      for (; column < columns; column++) {
        const window = windows + <usize>(column * pixelBytes);
        const target = first + column * pixelOutputs;
        oneWindow(window, segments, segmentCount, pairs, weights, bias, output, target, storage, count, cast);
      }
    }
    weights += blockBytes;
    bias += 32;
  }
}

// @ts-ignore: decorator
@inline
function fourWindows(
  window: usize,
  pixelBytes: i32,
  segments: usize,
  segmentCount: i32,
  pairs: i32,
  weights: usize,
  bias: usize,
  output: usize,
  target: i32,
  storage: i32,
  pixelOutputs: i32,
  count: i32,
  cast: usize,
  plain: bool,
): void {
  let sum00 = v128.load(bias);
  let sum01 = v128.load(bias, 16);
  let sum10 = sum00;
  let sum11 = sum01;
  let sum20 = sum00;
  let sum21 = sum01;
  let sum30 = sum00;
  let sum31 = sum01;
  for (let segment = 0; segment < segmentCount; segment++) {
    let at0 = window + <usize>load<i32>(segments + ((<usize>segment) << 2));
    let at1 = at0 + <usize>pixelBytes;
    let at2 = at1 + <usize>pixelBytes;
    let at3 = at2 + <usize>pixelBytes;
    const end = at0 + ((<usize>pairs) << 2);
    while (at0 < end) {
      const weights0 = v128.load(weights);
      const weights1 = v128.load(weights, 16);
      const value0 = v128.load_splat<i32>(at0);
      sum00 = i32x4.add(sum00, i32x4.dot_i16x8_s(value0, weights0));
      sum01 = i32x4.add(sum01, i32x4.dot_i16x8_s(value0, weights1));
      const value1 = v128.load_splat<i32>(at1);
      sum10 = i32x4.add(sum10, i32x4.dot_i16x8_s(value1, weights0));
      sum11 = i32x4.add(sum11, i32x4.dot_i16x8_s(value1, weights1));
      const value2 = v128.load_splat<i32>(at2);
      sum20 = i32x4.add(sum20, i32x4.dot_i16x8_s(value2, weights0));
      sum21 = i32x4.add(sum21, i32x4.dot_i16x8_s(value2, weights1));
      const value3 = v128.load_splat<i32>(at3);
      sum30 = i32x4.add(sum30, i32x4.dot_i16x8_s(value3, weights0));
      sum31 = i32x4.add(sum31, i32x4.dot_i16x8_s(value3, weights1));
      weights += 32;
      at0 += 4;
      at1 += 4;
      at2 += 4;
      at3 += 4;
    }
  }
  storeSums(output, target, storage, sum00, sum01, count, cast, plain);
  storeSums(output, target + pixelOutputs, storage, sum10, sum11, count, cast, plain);
  storeSums(output, target + 2 * pixelOutputs, storage, sum20, sum21, count, cast, plain);
  storeSums(output, target + 3 * pixelOutputs, storage, sum30, sum31, count, cast, plain);
}

function oneWindow(
  window: usize,
  segments: usize,
  segmentCount: i32,
  pairs: i32,
  weights: usize,
  bias: usize,
  output: usize,
  target: i32,
  storage: i32,
  count: i32,
  cast: usize,
): void {
  let sum0 = v128.load(bias);
  let sum1 = v128.load(bias, 16);
  for (let segment = 0; segment < segmentCount; segment++) {
    let at = window + <usize>load<i32>(segments + ((<usize>segment) << 2));
    const end = at + ((<usize>pairs) << 2);
    while (at < end) {
      const value = v128.load_splat<i32>(at);
      sum0 = i32x4.add(sum0, i32x4.dot_i16x8_s(value, v128.load(weights)));
      sum1 = i32x4.add(sum1, i32x4.dot_i16x8_s(value, v128.load(weights, 16)));
      weights += 32;
      at += 4;
    }
  }
  storeSums(output, target, storage, sum0, sum1, count, cast, false);
}

/** Casts and stores the sums of up to eight outputs of one pixel. */
// @ts-ignore: decorator
@inline
function storeSums(
  output: usize,
  target: i32,
  storage: i32,
  low: v128,
  high: v128,
  count: i32,
  cast: usize,
  plain: bool,
): void {
  const first = castLanes(low, cast, plain);
  const second = castLanes(high, cast, plain);
  if (count >= 8 && storage == 1) {
    v128.store(output + ((<usize>target) << 1), i16x8.narrow_i32x4_s(first, second));
    return;
  }
  storeFour(output, target, storage, first, count);
  if (count > 4) storeFour(output, target + 4, storage, second, count - 4);
}

/**
 * Weighted sums of each channel on its own (depthwise) over int16, two taps in each lane.
 * @param taps byte offsets of the taps from where a window starts, int32, an even number of them (`pairs` pairs)
 * @param weights for each eight channels: pair of taps by pair of taps, channel by channel the pair's weights
 */
export function sumChannels(
  input: usize,
  rowBytes: i32,
  pixelBytes: i32,
  rows: i32,
  columns: i32,
  taps: usize,
  pairs: i32,
  weights: usize,
  bias: usize,
  channels: i32,
  output: usize,
  storage: i32,
  cast: usize,
): void {
  for (let block = 0; block < channels; block += 8) {
    const count = channels - block;
    for (let row = 0; row < rows; row++) {
      let window = input + <usize>(row * rowBytes + block * 2);
      let target = row * columns * channels + block;
      for (let column = 0; column < columns; column++) {
        let low = v128.load(bias);
        let high = v128.load(bias, 16);
        let at = weights;
        let tap = taps;
        for (let pair = 0; pair < pairs; pair++) {
          const first = v128.load(window + <usize>load<i32>(tap));
          const second = v128.load(window + <usize>load<i32>(tap, 4));
          const lows = v128.shuffle<i16>(first, second, 0, 8, 1, 9, 2, 10, 3, 11);
          const highs = v128.shuffle<i16>(first, second, 4, 12, 5, 13, 6, 14, 7, 15);
          low = i32x4.add(low, i32x4.dot_i16x8_s(lows, v128.load(at)));
          high = i32x4.add(high, i32x4.dot_i16x8_s(highs, v128.load(at, 16)));
          at += 32;
          tap += 8;
        }
        storeSums(output, target, storage, low, high, count, cast, false);
        window += <usize>pixelBytes;
        target += channels;
      }
    }
    weights += <usize>(pairs * 32);
    bias += 32;
  }
}

/**
 * Weighted sums over int64.
 * @param segments byte offsets of the runs of `length` values from where a window starts, int32
 * @param weights for each four outputs: run by run, value by value the four weights
 * @param bias int64, as many as there are weights for outputs
 * @param firstOutput position of the first output within a pixel of the result
 */
export function sumIntegers(
  input: usize,
  rowBytes: i32,
  pixelBytes: i32,
  rows: i32,
  columns: i32,
  segments: usize,
  segmentCount: i32,
  length: i32,
  weights: usize,
  bias: usize,
  outputs: i32,
  output: usize,
  storage: i32,
  pixelOutputs: i32,
  firstOutput: i32,
  casts: usize,
  period: i32,
): void {
  for (let block = 0; block < outputs; block += 4) {
    const count = outputs - block;
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const window = input + <usize>(row * rowBytes + column * pixelBytes);
        let sum0 = load<i64>(bias);
        let sum1 = load<i64>(bias, 8);
        let sum2 = load<i64>(bias, 16);
        let sum3 = load<i64>(bias, 24);
        let at = weights;
        for (let segment = 0; segment < segmentCount; segment++) {
          let from = window + <usize>load<i32>(segments + ((<usize>segment) << 2));
          const end = from + ((<usize>length) << 3);
          while (from < end) {
            const value = load<i64>(from);
            sum0 += value * load<i64>(at);
            sum1 += value * load<i64>(at, 8);
            sum2 += value * load<i64>(at, 16);
            sum3 += value * load<i64>(at, 24);
            at += 32;
            from += 8;
          }
        }
        const target = (row * columns + column) * pixelOutputs + firstOutput + block;
        storeCast(output, target, storage, sum0, casts, period);
        if (count > 1) storeCast(output, target + 1, storage, sum1, casts, period);
        if (count > 2) storeCast(output, target + 2, storage, sum2, casts, period);
        if (count > 3) storeCast(output, target + 3, storage, sum3, casts, period);
      }
    }
    weights += <usize>(segmentCount * length * 32);
    bias += 32;
  }
}

/**
 * Copies an image of `rows` rows of `count` values into the middle of zeros.
 * @param target int16, or int64 where `wide`
 * @param targetRows rows of the target, `targetCount` values in each
 * @param first where the image's first value goes
 */
export function padImage(
  input: usize,
  storage: i32,
  rows: i32,
  count: i32,
  target: usize,
  wide: bool,
  targetRows: i32,
  targetCount: i32,
  first: i32,
): void {
  const size = wide ? 3 : 1;
  memory.fill(target, 0, <usize>(targetRows * targetCount) << size);
  for (let row = 0; row < rows; row++) {
    const from = input + ((<usize>(row * count)) << storage);
    const to = target + ((<usize>(first + row * targetCount)) << size);
    if (size == storage) memory.copy(to, from, (<usize>count) << storage);
    else for (let index = 0; index < count; index++) store<i64>(to + ((<usize>index) << 3), loadInteger(from, index, storage));
  }
}
