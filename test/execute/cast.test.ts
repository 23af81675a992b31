import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { castBigInt, overflows, rawRange, roundings } from '../../src/qfx/index.js';
import type { FixedPointFormat, FixedPointType } from '../../src/qfx/index.js';
import { Arena } from '../../src/qfx/execute/fast/arena.js';
import { integerCasts, laneCast } from '../../src/qfx/execute/fast/cast.js';
import { kernelsOn } from '../../src/qfx/execute/fast/kernels.js';
import { storageOf } from '../../src/qfx/execute/fast/storage.js';

const arena = new Arena();
const kernels = kernelsOn(arena.memory);
const [inputAt, outputAt, castAt] = [arena.allocate(4096), arena.allocate(4096), arena.allocate(128)];
const arrays = { 1: Int16Array, 2: Int32Array, 3: BigInt64Array } as const;

function write(storage: 1 | 2 | 3, values: readonly bigint[]): void {
  const stored = new arrays[storage](arena.memory.buffer, inputAt, values.length);
  values.forEach((value, index) => {
    if (stored instanceof BigInt64Array) stored[index] = value;
    else stored[index] = Number(value);
  });
}

function read(storage: 1 | 2 | 3, count: number): bigint[] {
  return Array.from(new arrays[storage](arena.memory.buffer, outputAt, count), BigInt);
}

/** What lanes of 32 bits give; undefined where they may not be used. */
function castOnLanes(values: readonly bigint[], from: FixedPointFormat, to: FixedPointType): bigint[] | undefined {
  const cast = laneCast(from, to);
  if (!cast || storageOf(from) === 3 || storageOf(to) === 3) return undefined;
  new Int32Array(arena.memory.buffer, castAt).set(cast);
  write(storageOf(from), values);
  kernels.castRows(inputAt, storageOf(from), 0, outputAt, storageOf(to), 0, 1, values.length, castAt);
  return read(storageOf(to), values.length);
}

/** What integers of 64 bits give; undefined where they may not be used. */
function castOnIntegers(values: readonly bigint[], from: FixedPointFormat, to: FixedPointType): bigint[] | undefined {
  const found = integerCasts({ shape: [1], format: from }, { shape: [1], format: to });
  if (!found) return undefined;
  new BigInt64Array(arena.memory.buffer, castAt).set(found.casts);
  write(storageOf(from), values);
  kernels.castIntegers(inputAt, storageOf(from), outputAt, storageOf(to), values.length, castAt, 1);
  return read(storageOf(to), values.length);
}

const legal = ({ overflow, signed, wordLength }: FixedPointType) =>
  !(overflow === 'AP_SAT_SYM' && signed && wordLength === 1);

describe('casts', () => {
  it('of every value of small types: all modes, signs, widths and distances', () => {
    let cases = 0;
    for (const signed of [false, true]) {
      const from = { signed, wordLength: 6, binaryPoint: 0 };
      const { minimum, maximum } = rawRange(from);
      const values = Array.from({ length: 64 }, (_, index) => minimum + BigInt(index));
      expect(values.at(-1)).toBe(maximum);
      for (const toSigned of [false, true]) {
        for (let wordLength = 0; wordLength <= 8; wordLength++) {
          for (let binaryPoint = -8; binaryPoint <= 3; binaryPoint++) {
            for (const rounding of roundings) {
              for (const overflow of overflows) {
                const to = { signed: toSigned, wordLength, binaryPoint, rounding, overflow };
                if (!legal(to)) continue;
                const expected = values.map((value) => castBigInt(value, 0, to));
                expect(castOnLanes(values, from, to)).toEqual(expected);
                expect(castOnIntegers(values, from, to)).toEqual(expected);
                cases++;
              }
            }
          }
        }
      }
    }
    expect(cases).toBeGreaterThan(10_000);
  });

  it('at the limits of 32 and of 64 bits: never used beyond, always right within', () => {
    const used = { lanes: 0, integers: 0, neither: 0 };
    const format = fc.record({
      signed: fc.boolean(),
      wordLength: fc.oneof(
        fc.integer({ min: 29, max: 34 }),
        fc.integer({ min: 60, max: 64 }),
        fc.integer({ min: 1, max: 64 }),
      ),
    });
    const modes = fc.record({ rounding: fc.constantFrom(...roundings), overflow: fc.constantFrom(...overflows) });
    const points = fc.oneof(fc.integer({ min: -2, max: 2 }), fc.integer({ min: -66, max: 66 }));
    fc.assert(
      fc.property(format, format, modes, points, fc.gen(), (source, target, mode, binaryPoint, generate) => {
        const from = { ...source, binaryPoint: 0 };
        const to = { ...target, ...mode, binaryPoint };
        if (!legal(to)) return;
        const { minimum, maximum } = rawRange(from);
        const middle = Array.from({ length: 5 }, () => generate(fc.bigInt, { min: minimum, max: maximum }));
        const values = [minimum, minimum / 2n, 0n, maximum / 2n, maximum, ...middle];
        const expected = values.map((value) => castBigInt(value, 0, to));
        const [lanes, integers] = [castOnLanes(values, from, to), castOnIntegers(values, from, to)];
        if (lanes) expect(lanes).toEqual(expected);
        if (integers) expect(integers).toEqual(expected);
        used[lanes ? 'lanes' : integers ? 'integers' : 'neither']++;
      }),
      { seed: 4, numRuns: 20_000 },
    );
    for (const times of Object.values(used)) expect(times).toBeGreaterThan(500);
  });

  it('need no more bits than they are given: one more is refused', () => {
    const type = (wordLength: number, binaryPoint: number): FixedPointType => {
      return { signed: true, wordLength, binaryPoint, rounding: 'AP_RND', overflow: 'AP_SAT' };
    };
    for (const [bits, cast] of [
      [32, laneCast] as const,
      [
        64,
        (from: FixedPointFormat, to: FixedPointType) =>
          integerCasts({ shape: [1], format: from }, { shape: [1], format: to }),
      ] as const,
    ]) {
      expect(cast(type(bits, 0), type(8, 0))).toBeDefined();
      expect(cast(type(bits - 1, 0), type(8, -4))).toBeDefined();
      expect(cast(type(bits, 0), type(8, -4))).toBeUndefined();
      expect(cast(type(bits - 5, 0), type(8, 5))).toBeDefined();
      expect(cast(type(bits - 5, 0), type(8, 6))).toBeUndefined();
      expect(cast({ ...type(bits - 1, 0), signed: false }, type(8, 0))).toBeDefined();
      expect(cast({ ...type(bits - 1, 0), signed: false }, type(8, -1))).toBeUndefined();
    }
  });
});
