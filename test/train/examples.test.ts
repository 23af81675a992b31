import { beforeAll, describe, expect, it } from 'vitest';
import plainCnn from '../../examples/cifar10/plain-cnn.js';
import resnet8 from '../../examples/cifar10/resnet8.js';
import demo from '../../examples/mnist/demo.js';
import { graphOfModel } from '../../src/autograd/freeze/graph-of-model.js';
import { imageBytes } from '../../src/data/index.js';
import { createLayers, initializeBackend, tf } from '../../src/autograd/index.js';
import type { ResolvedRun } from '../../src/autograd/index.js';
import { summarizeGraph } from '../../src/qfx/index.js';

/** The untrained network of an example as a graph: types, shapes and operations are those of the trained one. */
async function graphOf(run: ResolvedRun, shape: [number, number, number]) {
  const layers: typeof createLayers = (defaults) => createLayers({ seed: 1, ...defaults });
  const model = await run.model({ tf, layers, shape, input: imageBytes, classes: 10, seed: 1 });
  // A first batch finds the binary points.
  const bytes = tf.randomUniform([2, ...shape], 0, 256, 'float32', 5).floor();
  tf.tidy(() => void model.apply(bytes.div(256), { training: true }));
  return graphOfModel(model, { name: run.name }).graph;
}

describe('the examples', () => {
  beforeAll(() => initializeBackend());

  it('demo: convolution, BatchNorm, pooling, a shortcut and a dense layer at 6 bits', async () => {
    const graph = await graphOf(demo, [28, 28, 1]);
    const operations = new Set(graph.nodes.map(({ operation }) => operation));
    for (const needed of ['conv2d', 'batch-normalization', 'max-pooling2d', 'add', 'dense'])
      expect(operations).toContain(needed);
    for (const [name, { format }] of Object.entries(graph.tensors))
      expect([name, format.wordLength]).toEqual([name, 6]);
    const activations = graph.nodes.filter(({ operation }) => operation === 'relu');
    for (const { outputType } of activations) expect(outputType.wordLength).toBe(6);
    expect(summarizeGraph(graph).multiplications).toBeLessThan(500_000);
  });

  it('ResNet-8: the multiplications of MLPerf Tiny at 8 bits', async () => {
    const graph = await graphOf(resnet8, [32, 32, 3]);
    const convolutions = graph.nodes.filter(({ operation }) => operation === 'conv2d');
    expect(convolutions.map(({ shape }) => shape.at(-1))).toEqual(expect.arrayContaining([16, 32, 64]));
    expect(convolutions).toHaveLength(9);
    expect(graph.nodes.filter(({ operation }) => operation === 'add')).toHaveLength(3);
    // 12.5 million, and BatchNorm's.
    expect(summarizeGraph(graph).multiplications).toBeGreaterThan(12_400_000);
    expect(summarizeGraph(graph).multiplications).toBeLessThan(12_800_000);
    for (const { constants } of graph.nodes)
      for (const role of ['weights', 'bias', 'scale', 'offset'])
        if (constants[role] !== undefined) expect(graph.tensors[constants[role]].format.wordLength).toBe(8);
  });

  it('plain CNN: three convolutions at 6 bits', async () => {
    const graph = await graphOf(plainCnn, [32, 32, 3]);
    expect(graph.nodes.filter(({ operation }) => operation === 'conv2d')).toHaveLength(3);
    for (const { format } of Object.values(graph.tensors)) expect(format.wordLength).toBe(6);
  });
});
