/**
 * Values lie in memory as int16, int32 or int64. A storage is written as the binary logarithm of its bytes: 1, 2 or 3.
 * Every function here may be told a storage that is known when it is compiled; its branches then cost nothing.
 */

// @ts-ignore: decorator
@inline
export function loadInteger(values: usize, index: i32, storage: i32): i64 {
  const at = values + ((<usize>index) << storage);
  if (storage == 1) return <i64>load<i16>(at);
  if (storage == 2) return <i64>load<i32>(at);
  return load<i64>(at);
}

// @ts-ignore: decorator
@inline
export function storeInteger(values: usize, index: i32, storage: i32, value: i64): void {
  const at = values + ((<usize>index) << storage);
  if (storage == 1) store<i16>(at, <i16>value);
  else if (storage == 2) store<i32>(at, <i32>value);
  else store<i64>(at, value);
}

/** Four values of int16 or int32 as i32x4. Values behind the end are read, too: every array has room for them. */
// @ts-ignore: decorator
@inline
export function loadFour(values: usize, index: i32, storage: i32): v128 {
  const at = values + ((<usize>index) << storage);
  return storage == 1 ? v128.load_ext<i16>(at) : v128.load(at);
}

/** Stores the first `count` lanes of an i32x4 (all four when there are as many) as int16 or int32. */
// @ts-ignore: decorator
@inline
export function storeFour(values: usize, index: i32, storage: i32, value: v128, count: i32): void {
  const at = values + ((<usize>index) << storage);
  if (count >= 4) {
    if (storage == 1) v128.store_lane<i64>(at, i16x8.narrow_i32x4_s(value, value), 0);
    else v128.store(at, value);
  } else storeLanes(at, storage, value, count);
}

function storeLanes(at: usize, storage: i32, value: v128, count: i32): void {
  if (storage == 1) {
    store<i16>(at, <i16>i32x4.extract_lane(value, 0));
    if (count > 1) store<i16>(at, <i16>i32x4.extract_lane(value, 1), 2);
    if (count > 2) store<i16>(at, <i16>i32x4.extract_lane(value, 2), 4);
  } else {
    store<i32>(at, i32x4.extract_lane(value, 0));
    if (count > 1) store<i32>(at, i32x4.extract_lane(value, 1), 4);
    if (count > 2) store<i32>(at, i32x4.extract_lane(value, 2), 8);
  }
}
