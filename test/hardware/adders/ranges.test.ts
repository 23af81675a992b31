import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  adderGraphRanges,
  evaluateAdderGraph,
  evaluateNodes,
  optimizeAdderGraph,
} from '../../../src/qfx/hardware/adders/index.js';
import type { AdderGraph } from '../../../src/qfx/hardware/adders/index.js';
import { rawRange } from '../../../src/qfx/number/type.js';
import type { FixedPointFormat } from '../../../src/qfx/number/type.js';

const format = (signed: boolean, wordLength: number, binaryPoint: number): FixedPointFormat => ({
  signed,
  wordLength,
  binaryPoint,
});

/** a + b, and its difference from 4a + ...: what cancels must not be counted. */
const cancelling: AdderGraph = {
  inputs: 2,
  operations: [
    { left: { node: 0, shift: 0 }, right: { node: 1, shift: 0 }, subtract: false },
    { left: { node: 2, shift: 0 }, right: { node: 1, shift: 0 }, subtract: true },
  ],
  outputs: [{ node: 3, shift: 1, negative: true }, null],
};

describe('adderGraphRanges', () => {
  it('gives exact ranges, binary points and the smallest formats', () => {
    const { operations, outputs } = adderGraphRanges(cancelling, [format(true, 4, 1), format(false, 3, 2)]);
    // Raw integers at binary point 2: 2 * (-8..7) + (0..7).
    expect(operations[0]).toEqual({ minimum: -16n, maximum: 21n, format: format(true, 6, 2) });
    expect(operations[1]).toEqual({ minimum: -16n, maximum: 14n, format: format(true, 5, 2) });
    expect(outputs[0]).toEqual({ minimum: -14n, maximum: 16n, format: format(true, 6, 1) });
    expect(outputs[1]).toEqual({ minimum: 0n, maximum: 0n, format: format(false, 0, 0) });
  });

  it('reaches both ends of each range, and nothing beyond, over all values of the inputs', () => {
    const formats = fc.record({
      signed: fc.boolean(),
      wordLength: fc.integer({ min: 0, max: 3 }),
      binaryPoint: fc.integer({ min: -1, max: 2 }),
    });
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 3, maxLength: 3 }), {
          minLength: 3,
          maxLength: 3,
        }),
        fc.array(formats, { minLength: 3, maxLength: 3 }),
        (matrix, types) => {
          const graph = optimizeAdderGraph(matrix);
          const { operations, outputs } = adderGraphRanges(graph, types);
          const common = Math.max(...types.map(({ binaryPoint }) => binaryPoint));
          const seen = [...operations, ...outputs].map(() => ({ minimum: 0n, maximum: 0n }));
          for (const raw of combinations(types)) {
            // All inputs at one binary point: then each node is an integer at that one.
            const aligned = raw.map((value, input) => value << BigInt(common - types[input].binaryPoint));
            const nodes = evaluateNodes(graph, aligned).slice(graph.inputs);
            [...nodes, ...evaluateAdderGraph(graph, aligned)].forEach((value, index) => {
              if (value < seen[index].minimum) seen[index].minimum = value;
              if (value > seen[index].maximum) seen[index].maximum = value;
            });
          }
          [...operations, ...outputs].forEach(({ minimum, maximum, format: { binaryPoint } }, index) => {
            const at = (value: bigint) => value * 2n ** BigInt(common - binaryPoint);
            expect({ minimum: at(minimum), maximum: at(maximum) }).toEqual(seen[index]);
          });
        },
      ),
      { seed: 20261127, numRuns: 100 },
    );
  });

  it('refuses a missing format and results of more than 64 bits', () => {
    expect(() => adderGraphRanges(cancelling, [format(true, 4, 1)])).toThrow(
      'found 1 formats, needed: one for each of 2',
    );
    expect(() => adderGraphRanges(cancelling, [format(true, 64, 0), format(true, 64, 0)])).toThrow(
      'adder graph: operation 0: its exact result has 65 bits, allowed: 64',
    );
  });
});

/** All tuples of raw integers of these formats. */
function combinations(formats: readonly FixedPointFormat[]): bigint[][] {
  return formats.reduce<bigint[][]>(
    (tuples, type) => {
      const { minimum, maximum } = rawRange(type);
      const values = Array.from({ length: Number(maximum - minimum) + 1 }, (_, index) => minimum + BigInt(index));
      return tuples.flatMap((tuple) => values.map((value) => [...tuple, value]));
    },
    [[]],
  );
}
