/** A small generator (Marsaglia's xorshift32) whose sequence depends on nothing but its seed: equal problems, equal results. */
export class Random {
  constructor(private state: number) {}

  /** An integer in 0 .. bound - 1; for small bounds, nearly evenly. */
  below(bound: number): number {
    let { state } = this;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.state = state;
    return (state >>> 0) % bound;
  }
}
