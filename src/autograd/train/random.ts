/** A sequence of random numbers that depends on nothing but its keys. */
export interface RandomStream {
  /** 32 random bits. */
  bits(): number;
  /** A random integer in 0 .. bound - 1; every one equally likely. */
  below(bound: number): number;
}

/** Spreads the bits of a 32-bit integer (a bijection, so that neighbouring keys share nothing visible). */
function scramble(value: number): number {
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

const rotate = (value: number, count: number) => (value << count) | (value >>> (32 - count));

/**
 * The random stream of these integer keys, for example (seed, epoch, image). Because a stream is a function of its keys,
 * a resumed run needs no stored generator state. The generator is xoshiro128** (Blackman and Vigna).
 */
export function randomStream(...keys: readonly number[]): RandomStream {
  let mixed = 0x9e3779b9;
  for (const key of keys) {
    mixed = scramble(mixed ^ scramble((key >>> 0) + 0x632be5ab));
    mixed = scramble(mixed ^ scramble(Math.floor(key / 2 ** 32) + 0x85157af5));
  }
  const state = new Uint32Array(4);
  for (let index = 0; index < 4; index++) state[index] = mixed = scramble(mixed + 0x9e3779b9);
  if (state.every((word) => word === 0)) state[0] = 1;
  const bits = (): number => {
    const result = Math.imul(rotate(Math.imul(state[1], 5), 7), 9) >>> 0;
    const shifted = state[1] << 9;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate(state[3], 11);
    return result;
  };
  return {
    bits,
    below(bound) {
      // Draws in the incomplete last stretch of 2^32 would favour small results: draw again.
      const limit = 2 ** 32 - (2 ** 32 % bound);
      let drawn = bits();
      while (drawn >= limit) drawn = bits();
      return drawn % bound;
    },
  };
}

/** The integers 0 .. length - 1 in random order. */
export function permutation(length: number, random: RandomStream): Uint32Array {
  const order = Uint32Array.from({ length }, (_, index) => index);
  for (let last = length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}
