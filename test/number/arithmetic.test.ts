import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  add,
  differenceFormat,
  multiply,
  productFormat,
  subtract,
  sumFormat,
} from '../../src/qfx/number/arithmetic.js';
import { rawRange } from '../../src/qfx/number/type.js';
import type { FixedPointFormat } from '../../src/qfx/number/type.js';

const fixed = (wordLength: number, integerBits: number, signed = true): FixedPointFormat => ({
  signed,
  wordLength,
  binaryPoint: wordLength - integerBits,
});

describe('formats of temporaries', () => {
  it('adds up word lengths and integer bits in a product', () => {
    expect(productFormat(fixed(8, 3), fixed(5, -2, false))).toEqual(fixed(13, 1));
    expect(productFormat(fixed(4, 4, false), fixed(4, 0, false))).toEqual(fixed(8, 4, false));
  });

  it('aligns a sum and adds one bit', () => {
    expect(sumFormat(fixed(8, 3), fixed(6, 5))).toEqual(fixed(11, 6));
    expect(sumFormat(fixed(8, 3, false), fixed(8, 3, false))).toEqual(fixed(9, 4, false));
    expect(sumFormat(fixed(8, 3, false), fixed(8, 3))).toEqual(fixed(10, 5));
    expect(differenceFormat(fixed(8, 3, false), fixed(8, 3, false))).toEqual(fixed(9, 4));
  });
});

describe('exact arithmetic', () => {
  const value = fc
    .record({
      signed: fc.boolean(),
      wordLength: fc.integer({ min: 1, max: 12 }),
      binaryPoint: fc.integer({ min: -8, max: 8 }),
    })
    .chain((format) => {
      const { minimum, maximum } = rawRange(format);
      return fc.oneof(fc.bigInt(minimum, maximum), fc.constantFrom(minimum, maximum)).map((raw) => ({ raw, format }));
    });
  const real = ({ raw, format }: { raw: bigint; format: FixedPointFormat }) => Number(raw) * 2 ** -format.binaryPoint;

  it('computes in doubles what doubles hold exactly, inside the result format', () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        for (const [result, expected] of [
          [add(a, b), real(a) + real(b)],
          [subtract(a, b), real(a) - real(b)],
          [multiply(a, b), real(a) * real(b)],
        ] as const) {
          expect(real(result)).toBe(expected + 0);
          const { minimum, maximum } = rawRange(result.format);
          expect(result.raw >= minimum && result.raw <= maximum).toBe(true);
        }
      }),
      { seed: 20261106, numRuns: 5_000 },
    );
  });
});
