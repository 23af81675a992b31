import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildGraph, kHotMagnitudes, optimizeAdderGraph, summarizeGraph } from '../../src/qfx/index.js';
import type { Graph, KHot, Spread } from '../../src/qfx/index.js';

/** A dense layer on values of 8 bits, with these weights, a row for each value. */
function denseGraph(rows: readonly (readonly number[])[], kHot?: KHot, wordLength: Spread = 6): Graph {
  const shape = [rows.length, rows[0].length];
  const format = { signed: true, wordLength, binaryPoint: 2, ...(kHot && { kHot }) };
  const outputType = { signed: false, wordLength: 8, binaryPoint: 0, rounding: 'AP_TRN', overflow: 'AP_WRAP' } as const;
  return buildGraph({
    name: 'sums',
    nodes: [
      { name: 'x', operation: 'input', inputs: [], attributes: { shape: [rows.length] }, outputType },
      { name: 'y', operation: 'dense', inputs: ['x'], constants: { weights: 'w' }, outputType: 'exact' },
    ],
    outputs: ['y'],
    tensors: { w: { shape, format, raw: Float64Array.from(rows.flat()) } },
  });
}

const costOf = (graph: Graph) => {
  const { adders, bitOperations, layers } = summarizeGraph(graph);
  expect(layers[1]).toMatchObject({ adders, bitOperations });
  return [adders, bitOperations];
};

describe('bit operations of a graph', () => {
  const rows = [
    [5, 0, 4, 0],
    [-7, 0, 0, 16],
  ];

  it('are products of word lengths', () => {
    expect(costOf(denseGraph(rows))).toEqual([0, 8 * 8 * 6]);
    const perChannel = { axis: 1, values: [6, 0, 4, 6] };
    expect(costOf(denseGraph(rows, undefined, perChannel))).toEqual([0, 8 * 2 * (6 + 0 + 4 + 6)]);
    const perWeight = { elements: [6, 0, 4, 0, 5, 0, 0, 6] };
    expect(costOf(denseGraph(rows, undefined, perWeight))).toEqual([0, 8 * 21]);
  });

  it('of K-hot weights are adders: one less than the powers of two of an output, none for nothing', () => {
    // 5 = 4 + 1 and 7 = 8 - 1 are four powers; an output of one power is a shift.
    expect(costOf(denseGraph(rows, { terms: 2, digits: 'signed' }))).toEqual([3, 3 * 8]);
    expect(costOf(denseGraph(rows, { terms: 3, digits: 'plain' }))).toEqual([4, 4 * 8]);
    expect(costOf(denseGraph([[1], [0], [-2], [8]], { terms: 1, digits: 'plain' }))).toEqual([2, 2 * 8]);
    expect(costOf(denseGraph([[0], [0]], { terms: 1, digits: 'plain' }))).toEqual([0, 0]);
  });

  it('count the adders of an adder graph that shares nothing', () => {
    const members = kHotMagnitudes(5, { terms: 2, digits: 'signed' }).flatMap((one) => [one, -one]);
    const matrix = fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })).chain(([height, width]) =>
      fc.array(fc.array(fc.constantFrom(...members), { minLength: width, maxLength: width }), {
        ...{ minLength: height, maxLength: height },
      }),
    );
    fc.assert(
      fc.property(matrix, (weights) => {
        const [adders] = costOf(denseGraph(weights, { terms: 2, digits: 'signed' }));
        expect(optimizeAdderGraph(weights).operations.length).toBeLessThanOrEqual(adders);
        // A sum of single powers of different values has nothing to share.
        const powers = weights.map(([first]) => [Math.sign(first) * 2 ** (Math.abs(first) % 4)]);
        const [alone] = costOf(denseGraph(powers, { terms: 1, digits: 'signed' }));
        expect(optimizeAdderGraph(powers).operations.length).toBe(alone);
      }),
      { seed: 4, numRuns: 200 },
    );
  });
});
