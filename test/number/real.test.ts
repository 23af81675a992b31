import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { castReal, compileRealCast, decomposeReal, toReal } from '../../src/qfx/number/real.js';
import { overflows, roundings } from '../../src/qfx/number/type.js';
import type { FixedPointType, Rounding } from '../../src/qfx/number/type.js';

const type = (rounding: Rounding, rest: Partial<FixedPointType> = {}): FixedPointType => ({
  signed: true,
  wordLength: 4,
  binaryPoint: 2,
  rounding,
  overflow: 'AP_SAT',
  ...rest,
});
const castValue = (value: number, to: FixedPointType) => toReal(castReal(value, to), to);

const doubles = fc.double({ noNaN: true, noDefaultInfinity: true });
const types = fc.record({
  signed: fc.boolean(),
  wordLength: fc.integer({ min: 2, max: 53 }),
  binaryPoint: fc.oneof(fc.integer({ min: -30, max: 60 }), fc.integer({ min: -1024, max: 1024 })),
  rounding: fc.constantFrom(...roundings),
  overflow: fc.constantFrom(...overflows),
});

describe('castReal', () => {
  it('saturates and rounds as the specification says', () => {
    expect(castValue(0.7, type('AP_RND'))).toBe(0.75);
    expect(castValue(3, type('AP_RND'))).toBe(1.75);
    expect(castValue(-0.375, type('AP_RND'))).toBe(-0.25);
    expect(castValue(-0.375, type('AP_RND_CONV'))).toBe(-0.5);
    expect(castValue(-0.375, type('AP_TRN'))).toBe(-0.5);
    expect(castValue(-0.375, type('AP_TRN_ZERO'))).toBe(-0.25);
  });

  it('is Math.round in mode AP_RND, without -0', () => {
    const integers = type('AP_RND', { wordLength: 53, binaryPoint: 0 });
    for (const value of [-2.5, -1.5, -0.5, -0.2, 0.5, 1.5, 2.5, 0.49999999999999994, -0.49999999999999994]) {
      expect(castReal(value, integers)).toBe(BigInt(Math.round(value)));
      expect(compileRealCast(integers)(value)).toBe(Math.round(value) + 0);
    }
  });

  it('sees the last bit of a double beside a tie', () => {
    const integers = type('AP_RND', { wordLength: 8, binaryPoint: 0 });
    expect(castReal(0.5, integers)).toBe(1n);
    expect(castReal(0.5 - 2 ** -54, integers)).toBe(0n);
    expect(castReal(-Number.MIN_VALUE, type('AP_TRN', { binaryPoint: 0 }))).toBe(-1n);
    expect(castReal(Number.MIN_VALUE, type('AP_TRN', { wordLength: 64, binaryPoint: 1074 }))).toBe(1n);
    expect(castReal(Number.MAX_VALUE, type('AP_TRN'))).toBe(7n);
    expect(castReal(Number.MAX_VALUE, type('AP_TRN', { overflow: 'AP_WRAP' }))).toBe(0n);
  });

  it('refuses what is not a finite number', () => {
    for (const value of [NaN, Infinity, -Infinity]) {
      expect(() => castReal(value, type('AP_RND'))).toThrow(`${value} is not a finite number`);
      expect(() => compileRealCast(type('AP_RND'))(value)).toThrow(`${value} is not a finite number`);
    }
  });

  it('decomposes every finite double exactly', () => {
    fc.assert(
      fc.property(doubles, (value) => {
        const { raw, binaryPoint } = decomposeReal(value);
        const upTo = Math.min(binaryPoint, 1000);
        expect(Number(raw) * 2 ** -upTo * 2 ** (upTo - binaryPoint)).toBe(value === 0 ? 0 : value);
      }),
      { seed: 20261103, numRuns: 5_000 },
    );
  });
});

describe('compileRealCast', () => {
  it('equals castReal for all kinds of doubles and types', () => {
    const near = fc
      .tuple(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: -40, max: 40 }), fc.integer({ min: -1, max: 1 }))
      .map(([units, exponent, beside]) => units * 2 ** exponent * (1 + beside * Number.EPSILON));
    fc.assert(
      fc.property(fc.oneof(doubles, near), types, (value, to) => {
        const found = compileRealCast(to)(value);
        expect(Object.is(found, -0)).toBe(false);
        expect(BigInt(found)).toBe(castReal(value, to));
      }),
      { seed: 20261104, numRuns: 30_000 },
    );
  });

  it('sees the last bit of a double beside a tie, on either side of zero', () => {
    for (const rounding of roundings) {
      for (const value of [0.5 - 2 ** -54, -0.5 + 2 ** -54, -0.5 - 2 ** -53, 2 ** 52 - 0.5, -(2 ** 52) + 0.5]) {
        const to = type(rounding, { wordLength: 53, binaryPoint: 0 });
        expect(BigInt(compileRealCast(to)(value)), `${value} ${rounding}`).toBe(castReal(value, to));
      }
    }
  });

  it('refuses types wider than numbers carry', () => {
    expect(() => compileRealCast(type('AP_RND', { wordLength: 54 }))).toThrow('word length 54');
  });
});

describe('toReal', () => {
  it('gives back what castReal took, as far as the type is wide enough', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -(2 ** 31), max: 2 ** 31 }),
        fc.integer({ min: -900, max: 1000 }),
        (raw, binaryPoint) => {
          const to = type('AP_TRN', { wordLength: 40, binaryPoint });
          expect(castReal(toReal(raw, to), to)).toBe(BigInt(raw));
        },
      ),
      { seed: 20261105, numRuns: 2_000 },
    );
  });

  it('reaches the ends of the doubles', () => {
    expect(toReal(0, { signed: true, wordLength: 8, binaryPoint: -1024 })).toBe(0);
    expect(toReal(1n, { signed: true, wordLength: 8, binaryPoint: 1024 })).toBe(2 ** -1024);
    expect(toReal(1, { signed: true, wordLength: 8, binaryPoint: -1023 })).toBe(2 ** 1023);
  });
});
