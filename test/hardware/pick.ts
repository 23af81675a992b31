/** A fixed pseudo-random choice, the same in every run. */
export function pickBySeed(seed: number) {
  let state = seed;
  return {
    pick<Value>(...values: readonly Value[]): Value {
      state = (state * 1103515245 + 12345) % 2147483648;
      return values[Math.floor((state / 2147483648) * values.length)];
    },
  };
}
