/** Sums over rows: four float32 lanes are added to doubles in memory, one a lane, and in the end folded to channels. */
export abstract class Sums {
  /** How many rows are summed in float32 before the sum is added to a double. */
  @inline
  static readonly block: usize = 8;

  /** sums[0..3] += lanes; `sums` is the address of doubles. */
  @inline
  static add(sums: usize, lanes: v128): void {
    const high = i8x16.shuffle(lanes, lanes, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15);
    v128.store(sums, f64x2.add(v128.load(sums), f64x2.promote_low_f32x4(lanes)));
    v128.store(sums, f64x2.add(v128.load(sums, 16), f64x2.promote_low_f32x4(high)), 16);
  }

  /** The sum of those lanes, of `period`, that belong to a channel. */
  static fold(sums: usize, period: i32, channel: i32, channels: i32): f64 {
    let total: f64 = 0;
    for (let lane = channel; lane < period; lane += channels) total += load<f64>(sums + ((<usize>lane) << 3));
    return total;
  }
}
