/** Sums over rows: four float32 lanes are added to doubles in memory, one a lane, and in the end folded to channels. */
export abstract class Sums {
  /** How many rows are summed in float32 before the sum is added to a double. */
  @inline
  static readonly block: usize = 16;

  /** sums[0..3] += lanes; `sums` is the address of doubles. */
  @inline
  static add(sums: usize, lanes: v128): void {
    Sums.addPair(sums, f64x2.promote_low_f32x4(lanes), f64x2.promote_low_f32x4(Sums.upper(lanes)));
  }

  /** The same for lanes that are doubles already. */
  @inline
  static addPair(sums: usize, low: v128, high: v128): void {
    v128.store(sums, f64x2.add(v128.load(sums), low));
    v128.store(sums, f64x2.add(v128.load(sums, 16), high), 16);
  }

  /** Lanes 2 and 3, moved to the front. */
  @inline
  static upper(lanes: v128): v128 {
    return i64x2.shuffle(lanes, lanes, 1, 1);
  }

  /** The sum of those lanes, of `period`, that belong to a channel. */
  static fold(sums: usize, period: i32, channel: i32, channels: i32): f64 {
    let total: f64 = 0;
    for (let lane = channel; lane < period; lane += channels) total += load<f64>(sums + ((<usize>lane) << 3));
    return total;
  }

  /** Writes a row of `width` bytes: what is left of x after `full` elements, and zeros behind it. Returns its address. */
  static lastRow(x: usize, full: i32, count: i32, width: usize, row: usize): usize {
    memory.fill(row, 0, width);
    memory.copy(row, x + ((<usize>full) << 2), (<usize>(count - full)) << 2);
    return row;
  }
}
