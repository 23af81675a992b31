import { expect } from 'vitest';
import { Network, ReferenceNetwork } from '../../src/qfx/index.js';
import type { Graph, RawArray } from '../../src/qfx/index.js';
import type { Path } from '../../src/qfx/execute/fast/lowering.js';
import { prepareNetwork } from '../../src/qfx/execute/fast/prepare.js';

/** How each node of a graph is computed, by name; inputs left out. */
export function pathsOf(graph: Graph): Record<string, Path> {
  const entries = prepareNetwork(graph).nodes.flatMap(({ node, path }) => (path ? [[node.name, path] as const] : []));
  return Object.fromEntries(entries);
}

/**
 * Compares every value of every layer with the reference's, image by image and in a batch.
 * @param images of the graph's one input
 */
export function expectToEqualReference(graph: Graph, images: readonly RawArray[]): void {
  const network = new Network(graph);
  const reference = new ReferenceNetwork(graph);
  const expected = images.map((image) => reference.run(image));
  images.forEach((image, index) => expect(network.run(image).layers).toEqual(expected[index]));
  const together = Array.from(images.flatMap((image) => Array.from(image as ArrayLike<number | bigint>)));
  const batch = network.runBatch(together);
  expect(batch.images).toBe(images.length);
  for (const { name } of graph.nodes) {
    const values = expected.flatMap((layers) => Array.from(layers[name].raw as ArrayLike<number | bigint>));
    expect(Array.from(batch.layers[name].raw as ArrayLike<number | bigint>), name).toEqual(values);
  }
  expect(Object.keys(batch.outputs)).toEqual(graph.outputs);
  for (const name of graph.outputs) expect(batch.outputs[name]).toEqual(batch.layers[name]);
}
