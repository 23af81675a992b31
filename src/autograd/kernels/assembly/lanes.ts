/** The first `count` numbers at an address, zeros in the other lanes: the rest of a row that is no multiple of four. */
export function loadFirst(x: usize, count: i32): v128 {
  if (count >= 4) return v128.load(x);
  let value = count > 0 ? v128.load32_zero(x) : f32x4.splat(0);
  if (count > 1) value = v128.load32_lane(x, value, 1, 4);
  if (count > 2) value = v128.load32_lane(x, value, 2, 8);
  return value;
}

/** Stores the first `count` of four numbers. */
export function storeFirst(y: usize, value: v128, count: i32): void {
  if (count >= 4) {
    v128.store(y, value);
    return;
  }
  if (count > 0) v128.store32_lane(y, value, 0);
  if (count > 1) v128.store32_lane(y, value, 1, 4);
  if (count > 2) v128.store32_lane(y, value, 2, 8);
}
