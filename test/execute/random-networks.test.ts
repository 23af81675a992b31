import { describe, expect, it } from 'vitest';
import { operationNames } from '../../src/qfx/index.js';
import type { FixedPointFormat, Graph } from '../../src/qfx/index.js';
import { makeInputs } from '../../src/hls-codegen/simulate/inputs.js';
import { randomGraph, seededDraw } from '../hls-codegen/support/random-graph.js';
import { expectToEqualReference, pathsOf } from './support.js';

const seeds = Array.from({ length: 60 }, (_, seed) => seed);

/** All-minimum, all-maximum, alternating, then random raw integers. */
function imagesOf({ nodes: [input] }: Graph, seed: number): Float64Array[] {
  const source = makeInputs(input.outputType as FixedPointFormat, input.shape, 5, seed);
  return Array.from({ length: source.count }, (_, index) => source.image(index) as Float64Array);
}

describe('random networks', () => {
  it('give the same as the reference on every layer', () => {
    const operations = new Set<string>();
    const paths = new Map<string, number>();
    for (const seed of seeds) {
      const graph = randomGraph(seededDraw(seed));
      expectToEqualReference(graph, imagesOf(graph, seed));
      for (const { operation } of graph.nodes) operations.add(operation);
      for (const path of Object.values(pathsOf(graph))) paths.set(path, (paths.get(path) ?? 0) + 1);
    }
    expect([...operations].sort()).toEqual([...operationNames].sort());
    expect([...paths.keys()].sort()).toEqual(['copy', 'int16', 'int32', 'int64']);
  });
});
