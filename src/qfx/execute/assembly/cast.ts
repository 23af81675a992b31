import { loadFour, loadInteger, storeFour, storeInteger } from './storage';

/**
 * A cast is described by ten integers, of 32 bits for lanes and of 64 for single integers; src/qfx/execute/fast/cast.ts writes
 * them and has proven that nothing below leaves the integers it is computed in:
 * left, right, bias, bias of negative values less that of others, 1 for ties to even, sign bits that wrapping drops, bits that
 * wrapping keeps, minimum, maximum, 0 where values outside of them become 0 (else -1). An 11th of 32 bits says (1) that only
 * right, bias, minimum and maximum matter.
 */
const castBytes: usize = 80;

// @ts-ignore: decorator
@inline
export function isPlain(cast: usize): bool {
  return load<i32>(cast, 40) != 0;
}

/** Casts the lanes of an i32x4. */
// @ts-ignore: decorator
@inline
export function castLanes(value: v128, cast: usize, plain: bool): v128 {
  const bias = v128.load_splat<i32>(cast, 8);
  const minimum = v128.load_splat<i32>(cast, 28);
  const maximum = v128.load_splat<i32>(cast, 32);
  const right = load<i32>(cast, 4);
  if (plain) return i32x4.min_s(i32x4.max_s(i32x4.shr_s(i32x4.add(value, bias), right), minimum), maximum);
  const shifted = i32x4.shl(value, load<i32>(cast));
  const negative = v128.and(i32x4.shr_s(shifted, 31), v128.load_splat<i32>(cast, 12));
  const odd = v128.and(i32x4.shr_s(shifted, right), v128.load_splat<i32>(cast, 16));
  const rounded = i32x4.shr_s(i32x4.add(i32x4.add(shifted, bias), i32x4.add(negative, odd)), right);
  const dropped = load<i32>(cast, 20);
  const wrapped = v128.and(i32x4.shr_s(i32x4.shl(rounded, dropped), dropped), v128.load_splat<i32>(cast, 24));
  const clamped = i32x4.min_s(i32x4.max_s(wrapped, minimum), maximum);
  return v128.and(clamped, v128.or(i32x4.eq(clamped, wrapped), v128.load_splat<i32>(cast, 36)));
}

/** Casts one integer. */
// @ts-ignore: decorator
@inline
export function castInteger(value: i64, cast: usize): i64 {
  const right = load<i64>(cast, 8);
  const shifted = value << load<i64>(cast);
  const negative = (shifted >> 63) & load<i64>(cast, 24);
  const odd = (shifted >> right) & load<i64>(cast, 32);
  const rounded = (shifted + load<i64>(cast, 16) + negative + odd) >> right;
  const dropped = load<i64>(cast, 40);
  const wrapped = ((rounded << dropped) >> dropped) & load<i64>(cast, 48);
  const clamped = min(max(wrapped, load<i64>(cast, 56)), load<i64>(cast, 64));
  return clamped == wrapped ? clamped : clamped & load<i64>(cast, 72);
}

/** Stores an integer after its cast, which is that of its index modulo `period`. */
// @ts-ignore: decorator
@inline
export function storeCast(values: usize, index: i32, storage: i32, value: i64, casts: usize, period: i32): void {
  const own = period == 1 ? casts : casts + <usize>(index % period) * castBytes;
  storeInteger(values, index, storage, castInteger(value, own));
}

/** Casts `rows` rows of `count` values; a row begins `inputStride` and `outputStride` values after the one before. */
export function castRows(
  input: usize,
  inputStorage: i32,
  inputStride: i32,
  output: usize,
  outputStorage: i32,
  outputStride: i32,
  rows: i32,
  count: i32,
  cast: usize,
): void {
  const plain = isPlain(cast);
  for (let row = 0; row < rows; row++) {
    if (plain && inputStorage == 1 && outputStorage == 1) castRow(input, 1, output, 1, count, cast, true);
    else castRow(input, inputStorage, output, outputStorage, count, cast, false);
    input += (<usize>inputStride) << inputStorage;
    output += (<usize>outputStride) << outputStorage;
  }
}

// @ts-ignore: decorator
@inline
function castRow(
  input: usize,
  inputStorage: i32,
  output: usize,
  outputStorage: i32,
  count: i32,
  cast: usize,
  plain: bool,
): void {
  for (let index = 0; index < count; index += 4) {
    const value = loadFour(input, index, inputStorage);
    storeFour(output, index, outputStorage, castLanes(value, cast, plain), count - index);
  }
}

/** Casts integers of any storage, each with the cast of its index modulo `period`. */
export function castIntegers(
  input: usize,
  inputStorage: i32,
  output: usize,
  outputStorage: i32,
  count: i32,
  casts: usize,
  period: i32,
): void {
  for (let index = 0; index < count; index++) {
    storeCast(output, index, outputStorage, loadInteger(input, index, inputStorage), casts, period);
  }
}
