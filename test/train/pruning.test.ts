import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createLayers, freeze, tf } from '../../src/autograd/index.js';
import { graphOfModel } from '../../src/autograd/freeze/graph-of-model.js';
import { BitOperations } from '../../src/autograd/train/bit-operations.js';
import { firstImages } from '../../src/autograd/train/first-images.js';
import { train } from '../../src/autograd/train/train.js';
import { exportHls, simulate } from '../../src/hls-codegen/index.js';
import { loadGraph, Network, saveGraph, summarizeGraph } from '../../src/qfx/index.js';
import type { Graph } from '../../src/qfx/index.js';
import { readDescription, temporaryFolder } from '../hls-codegen/support/project.js';
import { startTestedBackend } from '../support/backend.js';
import { findCompiler, requireOracle } from '../support/oracles.js';
import { data } from './sharded-network.js';

const budgets = { channel: 10_000, element: 6_000 };

/** A convolution, one by channels, one that mixes them, and a dense layer, with far more channels than the data need. */
function network(granularity: 'channel' | 'element'): tf.LayersModel {
  const learned = { initial: 6, maximum: 8 };
  const q = createLayers({
    seed: 3,
    weights: { wordLength: learned, granularity },
    scale: { wordLength: learned, granularity: 'channel' },
    activations: { wordLength: learned },
    accumulators: { wordLength: 12 },
  });
  return tf.sequential({
    name: granularity,
    layers: [
      q.input({ name: 'image', inputShape: [8, 8, 1], wordLength: 8, binaryPoint: 8 }),
      q.conv2d({ name: 'conv', filters: 12, kernelSize: 3, strides: 2 }),
      q.batchNormalization({ name: 'norm', momentum: 0.8 }),
      q.relu({ name: 'relu' }),
      q.depthwiseConv2d({ name: 'deep', kernelSize: 2 }),
      q.conv2d({ name: 'mix', filters: 10, kernelSize: 1 }),
      q.batchNormalization({ name: 'mixed', momentum: 0.8 }),
      q.relu({ name: 'active' }),
      q.flatten({ name: 'flat' }),
      q.dense({ name: 'classes', units: 3 }),
    ],
  });
}

/** With all channels. */
function wholeGraph(model: tf.LayersModel): Graph {
  return graphOfModel(model, { name: model.name }).graph;
}

/** Characters of C++ of a project, which is checked against the integers. */
async function buildHardware(graph: Graph): Promise<number> {
  const folder = join(await temporaryFolder(), 'project');
  await exportHls(graph, { out: folder, board: 'ultra96' });
  const { files } = await readDescription(folder);
  const sources = await Promise.all(files.sources.map((path) => readFile(join(folder, path), 'utf8')));
  const { firstMismatch, mismatches, images } = await simulate(folder, { images: 24 });
  expect({ firstMismatch, mismatches, images }).toEqual({ firstMismatch: undefined, mismatches: 0, images: 24 });
  return sources.reduce((sum, text) => sum + text.length, 0);
}

describe.each(['channel', 'element'] as const)(
  'a budget that leaves few channels, word lengths by %s',
  (granularity) => {
    let model: tf.LayersModel;
    let graph: Graph;

    beforeAll(async () => {
      await startTestedBackend();
      model = network(granularity);
      const { test } = await train({
        model,
        data,
        epochs: 8,
        batchSize: 32,
        seed: 7,
        learningRate: { schedule: 'cosine', rate: 0.02, warmUpSteps: 2 },
        freezing: { binaryPoints: 0.6, statistics: 0.8, images: 64 },
        resources: { bitOperations: budgets[granularity] },
      });
      expect(test.accuracy).toBeGreaterThan(0.7);
      graph = freeze(model, { samples: firstImages(data.test, data.shape, 64), provenance: { seed: 7 } });
    });

    it('makes a graph without the others', () => {
      const channels = Object.fromEntries(graph.nodes.map(({ name, shape }) => [name, shape[shape.length - 1]]));
      for (const name of ['norm', 'relu', 'deep']) expect(channels[name]).toBe(channels.conv);
      for (const name of ['mixed', 'active']) expect(channels[name]).toBe(channels.mix);
      expect(channels.conv).toBeLessThan(12);
      expect(channels.mix).toBeLessThan(10);
      expect(channels.flat).toBe(4 * channels.mix);
      expect(channels.classes).toBe(3);
      const pruned = graph.provenance.pruned as Record<string, readonly number[]>;
      expect([pruned.conv.length, pruned.mix.length]).toEqual([12 - channels.conv, 10 - channels.mix]);
      expect(graph.provenance.seed).toBe(7);
      expect(graph.tensors['deep/weights'].shape).toEqual([2, 2, 1, channels.conv]);
      expect(loadGraph(saveGraph(graph)).graph).toEqual(graph);
    });

    it('takes what training counted, which is up to its budget without the others', () => {
      const operations = new BitOperations(model);
      const { bitOperations } = summarizeGraph(graph);
      expect(operations.remaining()).toBe(bitOperations);
      expect(bitOperations).toBeLessThanOrEqual(budgets[granularity]);
      expect(operations.total()).toBe(summarizeGraph(wholeGraph(model)).bitOperations);
      expect(operations.total()).toBeGreaterThan(budgets[granularity]);
    });

    it('computes what the trained network and the graph with all channels compute', () => {
      const images = firstImages(data.test, data.shape, data.test.labels.length);
      const { binaryPoint } = graph.nodes.at(-1)?.outputType as { binaryPoint: number };
      const trained = tf.tidy(() => (model.predict(images) as tf.Tensor).mul(2 ** binaryPoint).dataSync());
      const bytes = Float64Array.from(data.test.images);
      expect(Array.from(new Network(graph).runBatch(bytes).outputs.classes.raw, Number)).toEqual(Array.from(trained));
      expect(new Network(wholeGraph(model)).runBatch(bytes).outputs).toEqual(
        new Network(graph).runBatch(bytes).outputs,
      );
    });

    it('computes the same in C++, of which there is less', async (context) => {
      requireOracle(context, findCompiler());
      const [whole, pruned] = [await buildHardware(wholeGraph(model)), await buildHardware(graph)];
      expect(pruned).toBeLessThan(whole);
    });
  },
);
