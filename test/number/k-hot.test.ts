import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bestBinaryPoint, plausibleBinaryPoints } from '../../src/qfx/number/binary-point.js';
import {
  compileProjection,
  countTerms,
  isKHot,
  kHotMagnitudes,
  magnitudeBits,
  projectionTable,
  termsOf,
} from '../../src/qfx/number/k-hot.js';
import { digitKinds } from '../../src/qfx/number/type.js';
import type { KHot } from '../../src/qfx/number/type.js';

const everySet = digitKinds.flatMap((digits) => [1, 2, 3, 4].map((terms): KHot => ({ terms, digits })));

/** All sums of at most `terms` distinct powers of two, by trying them: the definition. */
function sumsOfPowers({ terms, digits }: KHot, bits: number): Set<number> {
  // A digit above the word may take part, as in 128 - 8.
  const powers = Array.from({ length: bits + 1 }, (_, exponent) => 2 ** exponent);
  const coefficients = digits === 'plain' ? [1] : [1, -1];
  const seen = new Map<number, number>([[0, 0]]);
  for (const power of powers) {
    for (const [sum, used] of [...seen]) {
      for (const coefficient of coefficients) {
        const next = sum + coefficient * power;
        if (used < terms && !((seen.get(next) ?? Infinity) <= used + 1)) seen.set(next, used + 1);
      }
    }
  }
  return new Set([...seen.keys()].filter((sum) => sum >= 0 && sum < 2 ** bits));
}

describe('K-hot numbers', () => {
  it('are as many up to 127 as they can be', () => {
    const count = (terms: number, digits: KHot['digits']) => kHotMagnitudes(7, { terms, digits }).length;
    expect([1, 2, 3].map((terms) => count(terms, 'plain'))).toEqual([8, 29, 64]);
    expect([1, 2, 3].map((terms) => count(terms, 'signed'))).toEqual([8, 44, 104]);
  });

  it.each(everySet)('of %o are exactly the sums of their powers, in all words up to 12 bits', (kHot) => {
    for (let bits = 1; bits <= 11; bits++) {
      expect(new Set(kHotMagnitudes(bits, kHot)), `${bits} bits`).toEqual(sumsOfPowers(kHot, bits));
    }
  });

  it.each(everySet)('of %o are the sum of their terms, which are distinct and as few as possible', (kHot) => {
    for (let raw = -2047; raw <= 2047; raw++) {
      if (!isKHot(raw, kHot)) {
        expect(() => termsOf(raw, kHot)).toThrow(/is no sum of/);
        continue;
      }
      const terms = termsOf(raw, kHot);
      expect(terms.reduce((sum, { exponent, negative }) => sum + (negative ? -1 : 1) * 2 ** exponent, 0)).toBe(raw);
      expect(new Set(terms.map(({ exponent }) => exponent)).size).toBe(terms.length);
      expect(terms.length).toBe(countTerms(Math.abs(raw), kHot.digits));
      if (kHot.digits === 'plain') expect(terms.every(({ negative }) => negative === raw < 0)).toBe(true);
    }
  });
});

describe('the projection to K-hot numbers', () => {
  const nearest = (kHot: KHot) => ({ ...kHot, projection: 'nearest' as const });

  it.each(everySet)('of %o takes the nearest member, ties to the larger, in all words up to 12 bits', (kHot) => {
    for (let bits = 1; bits <= 11; bits++) {
      const magnitudes = kHotMagnitudes(bits, kHot);
      const project = compileProjection({ signed: true, wordLength: bits + 1, binaryPoint: 2 }, nearest(kHot));
      const failures: number[] = [];
      let candidate = 0;
      // Eighths of the last bit, to beyond the end; powers of two far beyond.
      for (let eighth = 0; eighth < 2 ** (bits + 3) + 64; eighth++) {
        const value = eighth / 8;
        const distance = (index: number) => Math.abs(magnitudes[index] - value);
        while (candidate + 1 < magnitudes.length && distance(candidate + 1) <= distance(candidate)) candidate++;
        const expected = magnitudes[candidate];
        if (project(value / 4) !== expected || project(-value / 4) + 0 !== -expected + 0) failures.push(value);
      }
      expect(failures, `${bits} bits`).toEqual([]);
      expect(project(2 ** 40)).toBe(magnitudes[magnitudes.length - 1]);
    }
  });

  it('has the worst relative errors of the specification where the next power is representable', () => {
    const worst = (terms: number, digits: KHot['digits']) => {
      const project = compileProjection({ signed: true, wordLength: 16, binaryPoint: 0 }, nearest({ terms, digits }));
      let error = 0;
      for (let value = 256; value <= 4096; value++) error = Math.max(error, Math.abs(project(value) - value) / value);
      return error;
    };
    // 1 / (2^(K + 1) - 1) for plain powers; 33.3, 9.1, 2.3 % for signed ones. Integers come close to it.
    [33.3, 14.3, 6.7].forEach((percent, index) => expect(100 * worst(index + 1, 'plain')).toBeCloseTo(percent, 0));
    [33.3, 9.1, 2.3].forEach((percent, index) => expect(100 * worst(index + 1, 'signed')).toBeCloseTo(percent, 0));
  });

  it('can keep the leading ones of the nearest integer instead', () => {
    const kHot = { terms: 2, digits: 'plain', projection: 'leading-ones' } as const;
    const project = compileProjection({ signed: true, wordLength: 8, binaryPoint: 0 }, kHot);
    for (let value = 0; value < 128; value += 0.25) {
      const text = Math.min(127, Math.floor(value + 0.5)).toString(2);
      let ones = 0;
      const kept = [...text].map((bit) => (bit === '1' && ++ones <= 2 ? '1' : '0')).join('');
      expect(project(value), String(value)).toBe(parseInt(kept, 2));
      expect(project(-value) + 0).toBe(-parseInt(kept, 2) + 0);
    }
  });

  it('can be the sign of a binary number, which 0 has, too', () => {
    const kHot = { terms: 1, digits: 'signed', projection: 'sign' } as const;
    const project = compileProjection({ signed: true, wordLength: 2, binaryPoint: 1 }, kHot);
    expect([-7, -0.25, -1e-30, -0, 0, 1e-30, 0.25, 7].map(project)).toEqual([-1, -1, -1, 1, 1, 1, 1, 1]);
    expect(projectionTable(1, kHot).saturation).toBe(projectionTable(1, { ...kHot, projection: 'nearest' }).saturation);
  });

  it('of one power in words of two bits is the ternary one', () => {
    expect(kHotMagnitudes(1, { terms: 1, digits: 'plain' })).toEqual([0, 1]);
    const project = compileProjection(
      { signed: true, wordLength: 2, binaryPoint: 0 },
      nearest({ terms: 1, digits: 'plain' }),
    );
    expect([-9, -0.5, -0.49, 0.49, 0.5, 9].map((value) => project(value) + 0)).toEqual([-1, -1, 0, 0, 1, 1]);
  });

  it('saturates where a larger number of the endless set would be nearer', () => {
    for (const kHot of everySet) {
      const { members, saturation } = projectionTable(7, nearest(kHot));
      const largest = members[members.length - 1];
      expect(saturation / 2).toBe((largest + 128) / 2);
    }
  });

  it('sends the negative values of an unsigned word to 0, and refuses what is no number', () => {
    const project = compileProjection(
      { signed: false, wordLength: 8, binaryPoint: 0 },
      nearest({ terms: 1, digits: 'plain' }),
    );
    expect([project(-3), project(100), project(200)]).toEqual([0, 128, 128]);
    expect(() => project(NaN)).toThrow(/NaN is not a finite number/);
  });

  it('counts in the search for the best binary point', () => {
    const values = fc.array(fc.double({ min: -4, max: 4, noNaN: true }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(values, fc.constantFrom(...everySet), (reals, kHot) => {
        const type = {
          signed: true,
          wordLength: 6,
          rounding: 'AP_RND',
          overflow: 'AP_SAT',
          kHot: nearest(kHot),
        } as const;
        const candidates = plausibleBinaryPoints(reals, type);
        const members = kHotMagnitudes(magnitudeBits(type), kHot).flatMap((member) => [member, -member]);
        const error = (point: number) => {
          let sum = 0;
          for (const value of reals) {
            sum += Math.min(...members.map((member) => (value - member * 2 ** -point) ** 2));
          }
          return sum;
        };
        const chosen = bestBinaryPoint(reals, type);
        expect(chosen.squaredError).toBe(error(chosen.binaryPoint));
        for (const point of candidates) expect(error(point)).toBeGreaterThanOrEqual(chosen.squaredError);
      }),
      { seed: 20240131, numRuns: 200 },
    );
  });
});
