import { describe, expect, it } from 'vitest';
import {
  adderGraphDepth,
  evaluateAdderGraph,
  evaluateNodes,
  nodeDepths,
} from '../../../src/qfx/hardware/adders/index.js';
import type { AdderGraph } from '../../../src/qfx/hardware/adders/index.js';

/** 5a, 5a - 2b, and what outputs add: shifts and signs. */
const graph: AdderGraph = {
  inputs: 2,
  operations: [
    { left: { node: 0, shift: 2 }, right: { node: 0, shift: 0 }, subtract: false },
    { left: { node: 2, shift: 0 }, right: { node: 1, shift: 1 }, subtract: true },
  ],
  outputs: [
    { node: 3, shift: 0, negative: false },
    { node: 2, shift: 3, negative: true },
    null,
    { node: 1, shift: 0, negative: true },
  ],
};

describe('an adder graph', () => {
  it('is evaluated exactly, beyond 2^53 too', () => {
    expect(evaluateNodes(graph, [3n, 10n])).toEqual([3n, 10n, 15n, -5n]);
    expect(evaluateAdderGraph(graph, [3n, 10n])).toEqual([-5n, -120n, 0n, -10n]);
    const large = 2n ** 80n + 1n;
    expect(evaluateAdderGraph(graph, [large, 1n])).toEqual([5n * large - 2n, -40n * large, 0n, -1n]);
  });

  it('knows its depth: of what outputs read', () => {
    expect(nodeDepths(graph)).toEqual([0, 0, 1, 2]);
    expect(adderGraphDepth(graph)).toBe(2);
    expect(adderGraphDepth({ ...graph, outputs: [graph.outputs[1], null] })).toBe(1);
    expect(adderGraphDepth({ inputs: 0, operations: [], outputs: [] })).toBe(0);
  });

  it('refuses another number of inputs', () => {
    expect(() => evaluateAdderGraph(graph, [1n])).toThrow('found 1 values, needed: one for each of 2 inputs');
  });
});
