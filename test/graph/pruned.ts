import { expect } from 'vitest';
import { makeInputs } from '../../src/hls-codegen/simulate/inputs.js';
import type { PrunedGraph } from '../../src/qfx/graph/prune-channels.js';
import { ReferenceNetwork } from '../../src/qfx/index.js';
import type { FixedPointFormat, Graph, IntegerTensor, RawArray } from '../../src/qfx/index.js';
import { takeIndices } from '../../src/qfx/number/take.js';
import { expectToEqualReference } from '../execute/support.js';

const integers = ({ raw }: IntegerTensor) => Array.from(raw as ArrayLike<number | bigint>, BigInt);

/**
 * Compares every value of every layer that remains with what it was, by the meaning of the operations, and with the fast paths;
 * on seeded images of the graph's one input and on the ends of its range.
 */
export function expectSameIntegers(before: Graph, { graph, kept }: PrunedGraph, seed: number): void {
  const [input] = before.nodes;
  const source = makeInputs(input.outputType as FixedPointFormat, input.shape, 4, seed);
  const images = Array.from({ length: source.count }, (_, index) => source.image(index) as RawArray);
  const [whole, pruned] = [new ReferenceNetwork(before), new ReferenceNetwork(graph)];
  for (const image of images) {
    const [expected, found] = [whole.run(image), pruned.run(image)];
    for (const { name, shape } of before.nodes) {
      const channels = kept.get(name);
      const remaining =
        channels === undefined ? expected[name] : takeIndices(expected[name], shape.length - 1, channels);
      expect(found[name].shape).toEqual(remaining.shape);
      expect(integers(found[name]), name).toEqual(integers(remaining));
    }
  }
  expectToEqualReference(graph, images);
}
