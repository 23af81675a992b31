import { storeFirst } from './lanes';

/**
 * Convolutions without intermediate matrices. Channels of a tap and, where taps are neighbours, the taps of a row lie one
 * after the other in an image, so that a window is a few runs of numbers: a run is multiplied with a run of the filter.
 * Loops over a run or over pixels hold one step each: in longer bodies V8 loads ahead until registers spill, which costs half
 * of the speed.
 */

/** Output channels that are computed at once. */
const lanes = 8;

/**
 * Orders a filter the way `correlate` reads it: [blocks of 8 outputs, rows, columns, channels, 8]. Beyond the last output lie
 * zeros: their sums are dropped, but denormal numbers would be slow. Steps are bytes in `filter` from one to the next; they may
 * be negative.
 */
export function packFilter(
  filter: usize,
  packed: usize,
  rows: i32,
  columns: i32,
  channels: i32,
  outputs: i32,
  rowStep: i32,
  columnStep: i32,
  channelStep: i32,
  outputStep: i32,
): void {
  for (let first = 0; first < outputs; first += lanes) {
    const used = min(lanes, outputs - first);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        for (let channel = 0; channel < channels; channel++) {
          const offset = row * rowStep + column * columnStep + channel * channelStep + first * outputStep;
          let from = filter + <usize>offset;
          if (used == lanes && outputStep == 4) {
            v128.store(packed, v128.load(from));
            v128.store(packed, v128.load(from, 16), 16);
            packed += lanes << 2;
            continue;
          }
          for (let lane = 0; lane < used; lane++) {
            store<f32>(packed + ((<usize>lane) << 2), load<f32>(from));
            from += <usize>outputStep;
          }
          for (let lane = used; lane < lanes; lane++) store<f32>(packed + ((<usize>lane) << 2), 0);
          packed += lanes << 2;
        }
      }
    }
  }
}

/**
 * One image under a window: y[row, column, output] = sum of the runs of the window times those of the filter.
 * Four columns are computed at once; columns beyond the last repeat it.
 * @param x where the window of row 0, column 0 would start in an image row `top` rows further down
 * @param rows of the image, `rowBytes` each; taps above the first and below the last count as zeros
 * @param columnBytes between the windows of two neighbouring columns
 * @param top rows between the image's first and the first of window 0; negative above the image
 * @param runs in a row of the window, `runGap` bytes from start to start, `runLength` numbers each
 * @param packed the filter as `packFilter` orders it
 * @param outputs of each column; columns are `yColumnBytes` apart, rows `yRowBytes`
 */
export function correlate(
  x: usize,
  rows: i32,
  rowBytes: usize,
  columnBytes: usize,
  top: i32,
  rowStride: i32,
  windowRows: i32,
  windowSpacing: i32,
  runs: i32,
  runGap: usize,
  runLength: i32,
  packed: usize,
  y: usize,
  yRows: i32,
  yColumns: i32,
  yRowBytes: usize,
  yColumnBytes: usize,
  outputs: i32,
): void {
  const runBytes = ((<usize>runLength) << 2) * lanes;
  const last = yColumns - 1;
  for (let output = 0; output < outputs; output += lanes) {
    const used = min(lanes, outputs - output);
    const yBlock = y + ((<usize>output) << 2);
    for (let row = 0; row < yRows; row++) {
      const firstRow = row * rowStride + top;
      let first = 0;
      while (first < windowRows && firstRow + first * windowSpacing < 0) first++;
      let end = windowRows;
      while (end > first && firstRow + (end - 1) * windowSpacing >= rows) end--;
      const yRow = yBlock + <usize>row * yRowBytes;
      for (let column = 0; column <= last; column += 4) {
        const column1 = min(column + 1, last);
        const column2 = min(column + 2, last);
        const column3 = min(column + 3, last);
        let low0 = f32x4.splat(0);
        let low1 = low0;
        let low2 = low0;
        let low3 = low0;
        let high0 = low0;
        let high1 = low0;
        let high2 = low0;
        let high3 = low0;
        for (let windowRow = first; windowRow < end; windowRow++) {
          let start = x + <usize>(firstRow + windowRow * windowSpacing) * rowBytes;
          let w = packed + <usize>(windowRow * runs) * runBytes;
          for (let run = 0; run < runs; run++) {
            let x0 = start + <usize>column * columnBytes;
            let x1 = start + <usize>column1 * columnBytes;
            let x2 = start + <usize>column2 * columnBytes;
            let x3 = start + <usize>column3 * columnBytes;
            const wEnd = w + runBytes;
            while (w < wEnd) {
              const low = v128.load(w);
              const high = v128.load(w, 16);
              let value = v128.load32_splat(x0);
              low0 = f32x4.add(low0, f32x4.mul(value, low));
              high0 = f32x4.add(high0, f32x4.mul(value, high));
              value = v128.load32_splat(x1);
              low1 = f32x4.add(low1, f32x4.mul(value, low));
              high1 = f32x4.add(high1, f32x4.mul(value, high));
              value = v128.load32_splat(x2);
              low2 = f32x4.add(low2, f32x4.mul(value, low));
              high2 = f32x4.add(high2, f32x4.mul(value, high));
              value = v128.load32_splat(x3);
              low3 = f32x4.add(low3, f32x4.mul(value, low));
              high3 = f32x4.add(high3, f32x4.mul(value, high));
              w += 32;
              x0 += 4;
              x1 += 4;
              x2 += 4;
              x3 += 4;
            }
            start += runGap;
          }
        }
        const y0 = yRow + <usize>column * yColumnBytes;
        const y1 = yRow + <usize>column1 * yColumnBytes;
        const y2 = yRow + <usize>column2 * yColumnBytes;
        const y3 = yRow + <usize>column3 * yColumnBytes;
        if (used == lanes) {
          v128.store(y0, low0);
          v128.store(y0, high0, 16);
          v128.store(y1, low1);
          v128.store(y1, high1, 16);
          v128.store(y2, low2);
          v128.store(y2, high2, 16);
          v128.store(y3, low3);
          v128.store(y3, high3, 16);
        } else {
          storeFirst(y0, low0, used);
          storeFirst(y0 + 16, high0, used - 4);
          storeFirst(y1, low1, used);
          storeFirst(y1 + 16, high1, used - 4);
          storeFirst(y2, low2, used);
          storeFirst(y2 + 16, high2, used - 4);
          storeFirst(y3, low3, used);
          storeFirst(y3 + 16, high3, used - 4);
        }
      }
    }
    packed += <usize>(windowRows * runs) * runBytes;
  }
}

/**
 * Adds one image's part of a filter's gradient: sums[window row, run, number of the run, output] += sum over all columns of the
 * window's number times dy. Parameters up to `runLength` as `correlate` has them; runs are read in fours.
 * @param runLength a multiple of 4
 * @param dy [dyRows, dyColumns, outputs]
 * @param outputs a multiple of 8
 * @param strip rows of dy that are gone through at once: few enough for their windows to stay in the fastest cache
 */
export function correlateGradient(
  x: usize,
  rows: i32,
  rowBytes: usize,
  columnBytes: usize,
  top: i32,
  rowStride: i32,
  windowRows: i32,
  windowSpacing: i32,
  runs: i32,
  runGap: usize,
  runLength: i32,
  dy: usize,
  dyRows: i32,
  dyColumns: i32,
  outputs: i32,
  sums: usize,
  strip: i32,
): void {
  const outputBytes = (<usize>outputs) << 2;
  const dyRowBytes = <usize>dyColumns * outputBytes;
  const runBytes = (<usize>runLength) << 2;
  const rowGap = <usize>rowStride * rowBytes - <usize>dyColumns * columnBytes;
  for (let firstRow = 0; firstRow < dyRows; firstRow += strip) {
    const endRow = min(firstRow + strip, dyRows);
    for (let output: usize = 0; output < outputBytes; output += lanes << 2) {
      let sum = sums + output;
      for (let windowRow = 0; windowRow < windowRows; windowRow++) {
        const offset = top + windowRow * windowSpacing;
        let from = firstRow;
        while (from < endRow && from * rowStride + offset < 0) from++;
        let to = endRow;
        while (to > from && (to - 1) * rowStride + offset >= rows) to--;
        for (let run = 0; run < runs; run++) {
          for (let position: usize = 0; position < runBytes; position += 16) {
            const sum1 = sum + outputBytes;
            const sum2 = sum1 + outputBytes;
            const sum3 = sum2 + outputBytes;
            let low0 = v128.load(sum);
            let high0 = v128.load(sum, 16);
            let low1 = v128.load(sum1);
            let high1 = v128.load(sum1, 16);
            let low2 = v128.load(sum2);
            let high2 = v128.load(sum2, 16);
            let low3 = v128.load(sum3);
            let high3 = v128.load(sum3, 16);
            let window = x + <usize>(from * rowStride + offset) * rowBytes + <usize>run * runGap + position;
            let gradient = dy + <usize>from * dyRowBytes + output;
            for (let row = from; row < to; row++) {
              const end = gradient + dyRowBytes;
              while (gradient < end) {
                const low = v128.load(gradient);
                const high = v128.load(gradient, 16);
                let value = v128.load32_splat(window);
                low0 = f32x4.add(low0, f32x4.mul(value, low));
                high0 = f32x4.add(high0, f32x4.mul(value, high));
                value = v128.load32_splat(window, 4);
                low1 = f32x4.add(low1, f32x4.mul(value, low));
                high1 = f32x4.add(high1, f32x4.mul(value, high));
                value = v128.load32_splat(window, 8);
                low2 = f32x4.add(low2, f32x4.mul(value, low));
                high2 = f32x4.add(high2, f32x4.mul(value, high));
                value = v128.load32_splat(window, 12);
                low3 = f32x4.add(low3, f32x4.mul(value, low));
                high3 = f32x4.add(high3, f32x4.mul(value, high));
                window += columnBytes;
                gradient += outputBytes;
              }
              window += rowGap;
            }
            v128.store(sum, low0);
            v128.store(sum, high0, 16);
            v128.store(sum1, low1);
            v128.store(sum1, high1, 16);
            v128.store(sum2, low2);
            v128.store(sum2, high2, 16);
            v128.store(sum3, low3);
            v128.store(sum3, high3, 16);
            sum = sum3 + outputBytes;
          }
        }
      }
    }
  }
}
