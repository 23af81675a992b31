import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestBinaryPoint, plausibleBinaryPoints, squaredErrorAt } from '../../src/qfx/number/binary-point.js';
import { castReal, toReal } from '../../src/qfx/number/real.js';
import { roundings } from '../../src/qfx/number/type.js';

const modes = { rounding: 'AP_RND', overflow: 'AP_SAT' } as const;
const wide = Array.from({ length: 61 }, (_, index) => index - 30);

/** Sum of twelve uniform values: bell-shaped, from a fixed congruential sequence. */
function bell(count: number, seed: number, deviation: number): Float32Array {
  let state = seed;
  const uniform = () => (state = (state * 1103515245 + 12345) % 2147483648) / 2147483648;
  const sum = () => Array.from({ length: 12 }, uniform).reduce((total, value) => total + value, -6);
  return Float32Array.from({ length: count }, () => sum() * deviation);
}

describe('squaredErrorAt', () => {
  it('sums the squares of exact errors', () => {
    const type = { signed: true, wordLength: 4, binaryPoint: 2, ...modes };
    expect(squaredErrorAt([0.75, 3, -0.375], type)).toBe(0 + 1.25 ** 2 + 0.125 ** 2);
    for (const rounding of roundings) {
      const values = [...bell(50, 3, 1)];
      const expected = values.map((value) => (value - toReal(castReal(value, { ...type, rounding }), type)) ** 2);
      expect(squaredErrorAt(values, { ...type, rounding })).toBe(expected.reduce((sum, error) => sum + error, 0));
    }
  });
});

describe('plausibleBinaryPoints', () => {
  it('starts with one unused bit above the largest magnitude', () => {
    const candidates = plausibleBinaryPoints([0.3, -0.9, 0.1], { signed: true, wordLength: 8, ...modes });
    expect(candidates).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
    expect(plausibleBinaryPoints([1], { signed: false, wordLength: 8, ...modes })[1]).toBe(7);
    expect(plausibleBinaryPoints([255, -1000], { signed: false, wordLength: 8, ...modes })[1]).toBe(0);
    expect(plausibleBinaryPoints([2 ** -20], { signed: false, wordLength: 1, ...modes })[1]).toBe(20);
  });
});

describe('bestBinaryPoint', () => {
  it('finds what a search over 61 positions finds', () => {
    for (const signed of [true, false]) {
      for (const wordLength of [2, 3, 4, 6, 8, 12]) {
        for (const deviation of [0.003, 1, 700]) {
          const values = bell(500, wordLength, deviation).map((value) => (signed ? value : Math.abs(value)));
          const type = { signed, wordLength, ...modes };
          expect(bestBinaryPoint(values, type)).toEqual(bestBinaryPoint(values, type, wide));
        }
      }
    }
  });

  it('finds an exact representation where there is one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -7, max: 7 }), { minLength: 1 }),
        fc.integer({ min: -20, max: 20 }),
        (units, binaryPoint) => {
          const values = units.map((unit) => unit * 2 ** -binaryPoint);
          expect(bestBinaryPoint(values, { signed: true, wordLength: 4, ...modes }).squaredError).toBe(0);
        },
      ),
      { seed: 20261107, numRuns: 500 },
    );
  });

  it('takes the larger range of two equal errors', () => {
    expect(bestBinaryPoint([0, 0], { signed: true, wordLength: 4, ...modes }, [5, 2, 3])).toEqual({
      binaryPoint: 2,
      squaredError: 0,
    });
  });

  it('refuses what has no best position', () => {
    const type = { signed: true, wordLength: 4, ...modes };
    expect(() => bestBinaryPoint([1, NaN], type)).toThrow('value 1 is NaN, allowed: finite numbers');
    expect(() => bestBinaryPoint([1], type, [])).toThrow('no candidates');
  });
});
