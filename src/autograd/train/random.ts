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
  const next = () => (mixed = scramble(mixed + 0x9e3779b9));
  let [a, b, c, d] = [next(), next(), next(), next()];
  if ((a | b | c | d) === 0) a = 1;
  const bits = (): number => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return result;
  };
  return {
    bits,
    below(bound) {
      let drawn = bits();
      // Draws in the incomplete last stretch of 2^32 would favour small results: draw again. It is shorter than the bound.
      while (drawn >= 2 ** 32 - bound && drawn >= 2 ** 32 - (2 ** 32 % bound)) drawn = bits();
      return drawn % bound;
    },
  };
}

/** The integers 0 .. length - 1 in random order. */
export function permutation(length: number, random: RandomStream): Uint32Array {
  const order = new Uint32Array(length);
  for (let index = 0; index < length; index++) order[index] = index;
  for (let last = length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}
