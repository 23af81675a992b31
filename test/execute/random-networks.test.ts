import { describe, expect, it } from 'vitest';
import { operationNames, overflows, QfxError, roundings } from '../../src/qfx/index.js';
import type { FixedPointFormat, Graph, TensorType } from '../../src/qfx/index.js';
import { makeInputs } from '../../src/hls-codegen/simulate/inputs.js';
import {
  RandomGraph,
  functionGraph,
  functionOperations,
  randomGraph,
  seededDraw,
} from '../hls-codegen/support/random-graph.js';
import { expectToEqualReference, pathsOf } from './support.js';

const seeds = Array.from({ length: 60 }, (_, seed) => seed);
const wideSeeds = Array.from({ length: 160 }, (_, seed) => 1000 + seed);

/** All-minimum, all-maximum, alternating, then random raw integers. */
function imagesOf({ nodes: [input] }: Graph, seed: number): Float64Array[] {
  const source = makeInputs(input.outputType as FixedPointFormat, input.shape, 5, seed);
  return Array.from({ length: source.count }, (_, index) => source.image(index) as Float64Array);
}

/** Types around the limits of int16, int32 and int64. */
class WideGraph extends RandomGraph {
  override type(): TensorType {
    const wordLength = this.pick(14, 15, 16, 17, 24, 30, 31, 32, 33, 40, 48);
    return {
      signed: this.pick(true, false),
      wordLength,
      binaryPoint: Math.floor(wordLength / 2) + this.integer(-3, 3),
      rounding: this.pick(...roundings),
      overflow: this.pick(...overflows),
    };
  }
}

/** Undefined where an exact result needs more than 64 bits. */
function wideGraph(seed: number): Graph | undefined {
  const draw = seededDraw(seed);
  try {
    return randomGraph(draw, new WideGraph(draw));
  } catch (error) {
    if (error instanceof QfxError && /needs \d+ bits/.test(error.message)) return undefined;
    throw error;
  }
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
    const imageOperations = operationNames.filter((name) => !functionOperations.includes(name));
    expect([...operations].sort()).toEqual(imageOperations.sort());
    expect([...paths.keys()].sort()).toEqual(['copy', 'int16', 'int32', 'int64']);
  });

  it('of functions give the same as the reference on every layer', () => {
    const operations = new Set<string>();
    for (const seed of seeds) {
      const graph = functionGraph(seededDraw(seed));
      expectToEqualReference(graph, imagesOf(graph, seed));
      for (const { operation } of graph.nodes) operations.add(operation);
    }
    expect([...operations]).toEqual(expect.arrayContaining([...functionOperations]));
  });

  it('of wide types give the same as the reference on every layer, whatever the path', () => {
    const paths = new Map<string, Set<string>>();
    let [built, computed, referenced] = [0, 0, 0];
    for (const seed of wideSeeds) {
      const graph = wideGraph(seed);
      if (!graph) continue;
      built++;
      expectToEqualReference(graph, imagesOf(graph, seed));
      const taken = pathsOf(graph);
      for (const { name, operation } of graph.nodes) {
        if (operation === 'input') continue;
        computed++;
        // What needs a 65th bit on its way, which is rare, and falls to another operation with each seed.
        if (taken[name] === 'reference') {
          referenced++;
          continue;
        }
        paths.set(operation, (paths.get(operation) ?? new Set()).add(taken[name]));
      }
    }
    expect(built).toBeGreaterThan(60);
    expect(referenced / computed).toBeLessThan(0.02);
    const entered = Object.fromEntries(
      [...paths].map(([operation, found]) => [operation, [...found].sort().join(' ')]),
    );
    expect(entered).toEqual({
      conv2d: 'int16 int64',
      dense: 'int16 int64',
      'batch-normalization': 'int32 int64',
      add: 'int32 int64',
      relu: 'int32 int64',
      'max-pooling2d': 'int32 int64',
      'average-pooling2d': 'int32 int64',
      'global-max-pooling2d': 'int32 int64',
      'global-average-pooling2d': 'int32 int64',
      concatenate: 'int32 int64',
      requantize: 'copy int32 int64',
      flatten: 'copy int32 int64',
      reshape: 'copy int32 int64',
      argmax: 'int64',
      subtract: 'int32 int64',
      multiply: 'int32 int64',
      maximum: 'int32 int64',
      minimum: 'int32 int64',
      prelu: 'int64',
      'leaky-relu': 'int64',
      'zero-padding2d': 'copy int32 int64',
      'up-sampling2d': 'copy int32 int64',
    });
  });
});
