import { loadFirst, storeFirst } from './lanes';

/** y = dy where lower <= x <= upper, else 0; nothing passes where x is NaN. */
export function passWithin(x: usize, dy: usize, y: usize, count: i32, lower: f32, upper: f32): void {
  const lowest = f32x4.splat(lower);
  const highest = f32x4.splat(upper);
  for (let left = count; left > 0; left -= 4) {
    const value = loadFirst(x, left);
    const passes = v128.and(f32x4.ge(value, lowest), f32x4.le(value, highest));
    storeFirst(y, v128.and(loadFirst(dy, left), passes), left);
    x += 16;
    dy += 16;
    y += 16;
  }
}

/** y[row, i] = x[row, i] + b[i]. */
export function addToRows(x: usize, b: usize, y: usize, rows: i32, length: i32): void {
  const bytes = (<usize>length) << 2;
  for (let row = 0; row < rows; row++) {
    for (let at: usize = 0; at < bytes; at += 16) {
      const left = <i32>((bytes - at) >> 2);
      storeFirst(y + at, f32x4.add(loadFirst(x + at, left), loadFirst(b + at, left)), left);
    }
    x += bytes;
    y += bytes;
  }
}

/** Rows that are added in float32 before they are added to a sum in doubles. */
const block = 32;

/**
 * y[i] = sum of x[row, i] over the rows, rounded once from a sum in doubles of short sums.
 * @param sums memory for `length` doubles
 */
export function sumRows(x: usize, sums: usize, y: usize, rows: i32, length: i32): void {
  const bytes = (<usize>length) << 2;
  memory.fill(sums, 0, bytes << 1);
  for (let first = 0; first < rows; first += block) {
    const end = x + <usize>min(block, rows - first) * bytes;
    for (let at: usize = 0; at < bytes; at += 16) {
      const left = <i32>((bytes - at) >> 2);
      let sum = f32x4.splat(0);
      if (left >= 4) for (let row = x; row < end; row += bytes) sum = f32x4.add(sum, v128.load(row + at));
      else for (let row = x; row < end; row += bytes) sum = f32x4.add(sum, loadFirst(row + at, left));
      const to = sums + (at << 1);
      addDouble(to, f32x4.extract_lane(sum, 0));
      if (left > 1) addDouble(to + 8, f32x4.extract_lane(sum, 1));
      if (left > 2) addDouble(to + 16, f32x4.extract_lane(sum, 2));
      if (left > 3) addDouble(to + 24, f32x4.extract_lane(sum, 3));
    }
    x = end;
  }
  for (let index = 0; index < length; index++)
    store<f32>(y + ((<usize>index) << 2), <f32>load<f64>(sums + ((<usize>index) << 3)));
}

function addDouble(sum: usize, value: f32): void {
  store<f64>(sum, load<f64>(sum) + <f64>value);
}
