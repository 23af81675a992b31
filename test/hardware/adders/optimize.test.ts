import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adderMatrix } from '../../../bench/adder-matrices.js';
import type { AdderKind } from '../../../bench/adder-matrices.js';
import { adderGraphDepth, optimizeAdderGraph } from '../../../src/qfx/hardware/adders/index.js';
import type { ConstantMatrix } from '../../../src/qfx/hardware/adders/index.js';
import { addersWithoutSharing, expectExact, smallestDepth } from './support.js';

const matrices = (entry: fc.Arbitrary<number>, most: number) =>
  fc
    .tuple(fc.integer({ min: 1, max: most }), fc.integer({ min: 1, max: most }))
    .chain(([rows, columns]) =>
      fc.array(fc.array(entry, { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows }),
    );

const power = fc
  .tuple(fc.constantFrom(-1, 1), fc.integer({ min: 0, max: 12 }))
  .map(([sign, shift]) => sign * 2 ** shift);
const entries = {
  'small integers': fc.integer({ min: -9, max: 9 }),
  bytes: fc.integer({ min: -128, max: 255 }),
  '20 bits': fc.integer({ min: -(2 ** 20), max: 2 ** 20 }),
  'one digit or none': fc.oneof(power, fc.constant(0)),
  'two digits': fc.tuple(power, power).map(([a, b]) => a + b),
  'a few values': fc.constantFrom(0, 1, -1, 6, -12, 45, 90),
  'all safe integers': fc.oneof(
    fc.maxSafeInteger(),
    fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 2 ** 40, -(2 ** 40) + 1, 2 ** 52 - 1),
  ),
};

describe('optimizeAdderGraph', () => {
  it.each(Object.entries(entries))('computes exactly the matrix: %s', (_, entry) => {
    fc.assert(
      fc.property(matrices(entry, 9), (matrix) => {
        const graph = optimizeAdderGraph(matrix);
        expectExact(graph, matrix);
        expect(graph.operations.length).toBeLessThanOrEqual(addersWithoutSharing(matrix));
      }),
      { seed: 20261125, numRuns: 150 },
    );
  });

  it('keeps to any depth that is possible, down to the smallest', () => {
    fc.assert(
      fc.property(
        matrices(fc.oneof(entries.bytes, entries['two digits'], entries['a few values']), 8),
        fc.integer({ min: 0, max: 3 }),
        (matrix, more) => {
          const maximumDepth = smallestDepth(matrix) + more;
          const graph = optimizeAdderGraph(matrix, { maximumDepth });
          expectExact(graph, matrix);
          expect(adderGraphDepth(graph)).toBeLessThanOrEqual(maximumDepth);
        },
      ),
      { seed: 20261126, numRuns: 600 },
    );
  });

  it('keeps to a depth where much is shared', () => {
    const matrix = adderMatrix('bytes', 16, 1);
    for (const maximumDepth of [smallestDepth(matrix), 7, 8, 10, 12]) {
      const graph = optimizeAdderGraph(matrix, { maximumDepth });
      expectExact(graph, matrix);
      expect(adderGraphDepth(graph)).toBeLessThanOrEqual(maximumDepth);
    }
  });

  it('refuses a depth that is impossible', () => {
    const matrix = [
      [1, 3, 0],
      [0, 5, 0],
      [2, 0, 64],
    ];
    expect(() => optimizeAdderGraph(matrix, { maximumDepth: 1 })).toThrow(
      'matrix: column 1 needs a depth of 2, the fewest for its signed digits; allowed: 1',
    );
    expect(adderGraphDepth(optimizeAdderGraph(matrix, { maximumDepth: 2 }))).toBe(2);
    for (const maximumDepth of [-1, 1.5, NaN])
      expect(() => optimizeAdderGraph(matrix, { maximumDepth })).toThrow(`a depth of ${maximumDepth} is asked for`);
  });

  it.each<[string, ConstantMatrix, number]>([
    ['no rows', [], 0],
    ['no columns', [[], []], 0],
    ['one zero', [[0]], 0],
    ['one power of two', [[-8]], 0],
    ['one product', [[45]], 2],
    ['only zeros', [[0, 0], [0, 0], [0, 0]], 0], // prettier-ignore
    ['a permutation with signs', [[0, -1, 0], [4, 0, 0], [0, 0, 2]], 0], // prettier-ignore
    ['rows and columns of zeros', [[0, 3, 0], [0, 0, 0], [0, 5, 0]], 3], // prettier-ignore
    ['a column again', [[3, 3, 3], [5, 5, 5]], 3], // prettier-ignore
    ['a column negated', [[3, -3], [5, -5]], 3], // prettier-ignore
    ['a column times powers of two', [[3, 12, -6], [5, 20, -10]], 3], // prettier-ignore
    ['a row again', [[3, 5], [3, 5], [3, 5]], 4], // prettier-ignore
    ['a sum and its negated difference', [[1, -1], [1, 1]], 2], // prettier-ignore
  ])('shares what is free: %s', (_, matrix, adders) => {
    const graph = optimizeAdderGraph(matrix);
    expectExact(graph, matrix);
    expect(graph.operations).toHaveLength(adders);
    expect(graph.outputs).toHaveLength(matrix[0]?.length ?? 0);
  });

  it('gives the same graph for the same matrix', () => {
    const matrix = adderMatrix('bytes', 8, 3);
    expect(optimizeAdderGraph(matrix)).toEqual(optimizeAdderGraph(structuredClone(matrix)));
  });

  // What da4ml 0.6.0 needs on these matrices in the mean; bench/subjects/adders.ts compares with da4ml itself.
  it.each<[AdderKind, number, number]>([
    ['bytes', 4, 28.5],
    ['bytes', 8, 97.35],
    ['bytes', 16, 339.8],
    ['two digits', 16, 278.15],
    ['one digit', 16, 174.4],
  ])('needs no more adders than da4ml: %s, size %i, mean %f', (kind, size, mean) => {
    const graphs = Array.from({ length: 20 }, (_, seed) => optimizeAdderGraph(adderMatrix(kind, size, seed)));
    expect(graphs.reduce((sum, graph) => sum + graph.operations.length, 0) / 20).toBeLessThanOrEqual(mean);
  });

  it.each<[string, unknown, string]>([
    ['no array', { rows: [] }, 'matrix: found an object, needed: an array of rows'],
    ['a row that is none', [[1], 2], 'matrix: row 1 is a number, needed: an array of integers'],
    ['ragged rows', [[1, 2], [3]], 'matrix: row 1 has 1 entries, row 0 has 2: all rows need as many'],
    ['a fraction', [[1, 2], [3, 0.5]], 'matrix: row 1, column 1 is 0.5, needed: an integer within +-(2^53 - 1)'], // prettier-ignore
    ['too large an integer', [[2 ** 53]], 'matrix: row 0, column 0 is 9007199254740992'],
    ['a text', [['1']], 'matrix: row 0, column 0 is a string'],
    ['nothing', [[null]], 'matrix: row 0, column 0 is null'],
  ])('refuses what is no matrix: %s', (_, value, message) => {
    expect(() => optimizeAdderGraph(value as ConstantMatrix)).toThrow(message);
  });
});
