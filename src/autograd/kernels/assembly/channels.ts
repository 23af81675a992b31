/** y = a[c] * x + b[c]: x, y [rows, channels], a, b [channels]. */
export function channelAffine(x: usize, a: usize, b: usize, y: usize, rows: i32, channels: i32): void {
  for (let row = 0; row < rows; row++) {
    let channel = 0;
    for (; channel + 4 <= channels; channel += 4) {
      const at = (<usize>channel) << 2;
      v128.store(y + at, f32x4.add(f32x4.mul(v128.load(a + at), v128.load(x + at)), v128.load(b + at)));
    }
    for (; channel < channels; channel++) {
      const at = (<usize>channel) << 2;
      store<f32>(y + at, load<f32>(a + at) * load<f32>(x + at) + load<f32>(b + at));
    }
    x += (<usize>channels) << 2;
    y += (<usize>channels) << 2;
  }
}
