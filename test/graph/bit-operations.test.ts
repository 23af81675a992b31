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

  it.each([
    ['batch-normalization', { scale: 'c', offset: 'zeros' }],
    ['prelu', { alpha: 'c' }],
  ])('count the products of %s at every position, and not its additions', (operation, constants) => {
    const cost = (format: object) => {
      const outputType = {
        signed: true,
        wordLength: 8,
        binaryPoint: 0,
        rounding: 'AP_TRN',
        overflow: 'AP_WRAP',
      } as const;
      const common = { signed: true, wordLength: 6, binaryPoint: 2 };
      return costOf(
        buildGraph({
          name: 'scaled',
          nodes: [
            { name: 'x', operation: 'input', inputs: [], attributes: { shape: [5, 2, 4] }, outputType },
            { name: 'y', operation, inputs: ['x'], constants, outputType: 'exact' },
          ],
          outputs: ['y'],
          tensors: {
            c: { shape: [4], format: { ...common, ...format }, raw: Float64Array.of(5, 0, -7, 16) },
            ...('offset' in constants && { zeros: { shape: [4], format: common, raw: new Float64Array(4) } }),
          },
        }),
      );
    };
    expect(cost({})).toEqual([0, 10 * 4 * 6 * 8]);
    expect(cost({ wordLength: { axis: 0, values: [4, 0, 5, 6] } })).toEqual([0, 10 * (4 + 0 + 5 + 6) * 8]);
    // 5 and 7 are two powers each, an addition; 16 is a shift.
    expect(cost({ kHot: { terms: 2, digits: 'signed' } })).toEqual([10 * 2, 10 * 2 * 8]);
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
