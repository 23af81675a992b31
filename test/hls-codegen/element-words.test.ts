import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createLayers, freeze, initializeBackend, quantizersOf, tf } from '../../src/autograd/index.js';
import { exportHls, loadBoard, simulate } from '../../src/hls-codegen/index.js';
import {
  alignTensor,
  buildGraph,
  defaultPlan,
  largestBinaryPoint,
  loadGraph,
  ReferenceNetwork,
  saveGraph,
} from '../../src/qfx/index.js';
import type { Graph } from '../../src/qfx/index.js';
import { Network } from '../../src/qfx/execute/network.js';
import { Random, scatterWeights } from '../autograd/layers/random.js';
import { findCompiler, requireOracle } from '../support/oracles.js';
import { compileAndRun, temporaryFolder } from './support/project.js';

const own = { wordLength: { initial: 5, maximum: 6 }, granularity: 'element' } as const;
const common = { seed: 5, bias: { wordLength: 6 }, activations: { wordLength: 5 }, accumulators: { wordLength: 9 } };

/** Every kind of layer with weights, each weight with a word length (0 to 6 bits) and a binary point of its own. */
function mixedWeights(): Graph {
  const q = createLayers({ ...common, weights: own });
  const model = tf.sequential({
    layers: [
      q.input({ name: 'image', inputShape: [5, 4, 2], wordLength: 6, binaryPoint: 5, signed: true }),
      q.conv2d({ name: 'conv', filters: 4, kernelSize: 3, padding: 'same', groups: 2 }),
      q.relu({ name: 'relu' }),
      q.depthwiseConv2d({ name: 'depthwise', kernelSize: 2 }),
      q.flatten({ name: 'flat' }),
      q.dense({ name: 'classes', units: 3 }),
    ],
  });
  return frozen(model, ['weights'], 3);
}

/** The same for the numbers of each channel: BatchNorm's and PReLU's. */
function mixedChannels(): Graph {
  const q = createLayers({ ...common, scale: own, offset: { ...own, granularity: 'channel' }, alpha: own });
  const model = tf.sequential({
    layers: [
      q.input({ name: 'image', inputShape: [5, 4, 2], wordLength: 6, binaryPoint: 5, signed: true }),
      q.conv2d({ name: 'conv', filters: 9, kernelSize: 2 }),
      q.batchNormalization({ name: 'norm' }),
      // As outputs keep all of their channels, those that are the same for every image stay.
      q.prelu({ name: 'prelu' }),
    ],
  });
  return frozen(model, ['scale', 'offset', 'alpha'], 0);
}

/** Gives each number of these roles a word of its own; `first` is the length of the first. */
function frozen(model: tf.LayersModel, roles: readonly string[], first: number): Graph {
  const random = new Random(11);
  for (const layer of model.layers) scatterWeights(layer, random);
  const samples = tf.tensor(
    Float32Array.from({ length: 64 * 40 }, () => random.integer(-32, 31) / 32),
    [64, 5, 4, 2],
  );
  tf.tidy(() => void model.predict(samples));
  for (const { role, quantizer } of quantizersOf(model)) {
    if (!roles.includes(role)) continue;
    const wordLengths = quantizer.wordLengths.map((_, index) => (5 * index + first) % 7);
    // Where a weight without bits has its binary point makes no difference.
    const points = wordLengths.map((bits) => (bits === 0 ? 12 : random.integer(1, 8)));
    quantizer.freezeAt(points, wordLengths);
  }
  return freeze(model, { samples, name: 'mixed' });
}

/** By the loops of hardware, and by the fast ones. */
async function expectSameInCpp(graph: Graph): Promise<void> {
  const folder = join(await temporaryFolder(), 'project');
  await exportHls(graph, { out: folder, board: 'ultra96' });
  const result = await simulate(folder, { images: 24 });
  expect(result.firstMismatch).toBeUndefined();
  expect(result).toMatchObject({ images: 24, mismatches: 0, imagesByHardwareLoops: 16 });
  expect(result.layers.map(({ name }) => name)).toEqual(graph.nodes.map(({ name }) => name));
}

describe('weights with formats of their own', () => {
  let graph: Graph;
  beforeAll(async () => {
    await initializeBackend('wasm');
    graph = mixedWeights();
  });
  const layers = ['conv', 'depthwise', 'classes'];
  const inputs = Array.from({ length: 8 }, (_, image) => {
    const random = new Random(image + 1);
    return Array.from({ length: 40 }, () => random.integer(-32, 31));
  });

  it('are in the graph and its file, zeros where they have no bits', () => {
    const loaded = loadGraph(saveGraph(graph)).graph;
    expect(loaded).toEqual(graph);
    for (const layer of layers) {
      const { format, raw } = graph.tensors[`${layer}/weights`];
      const { elements } = format.wordLength as { elements: number[] };
      expect(new Set(elements)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6]));
      elements.forEach((wordLength, index) => expect(wordLength > 0 || raw[index] === 0).toBe(true));
    }
  });

  it('give the exact types and the integers that the same weights give at one binary point', () => {
    const tensors = Object.fromEntries(
      Object.entries(graph.tensors).map(([name, tensor]) => {
        return [name, alignTensor(tensor, largestBinaryPoint(tensor.format, tensor.shape), name)];
      }),
    );
    const aligned = buildGraph({ ...graph, tensors });
    const [own, reference, other] = [new Network(graph), new ReferenceNetwork(graph), new ReferenceNetwork(aligned)];
    for (const [index, { exactType }] of graph.nodes.entries()) {
      expect(exactType).toEqual(aligned.nodes[index].exactType);
    }
    for (const values of inputs) {
      const expected = other.run(values);
      expect(reference.run(values)).toEqual(expected);
      expect(own.run(values).layers).toEqual(expected);
    }
  });

  it('compute the same in C++, by the loops of hardware and by the fast ones', async (context) => {
    requireOracle(context, findCompiler());
    await expectSameInCpp(graph);
  });

  it('compute the same as adder graphs, where weights without bits take no adder', async (context) => {
    const compiler = requireOracle(context, findCompiler());
    const folder = join(await temporaryFolder(), 'project');
    const plan = defaultPlan(graph, await loadBoard('ultra96'));
    const planned = { ...plan.layers };
    for (const layer of layers) planned[layer] = { ...planned[layer], weights: 'adder-graph' };
    await exportHls(graph, { out: folder, plan: { ...plan, layers: planned } });
    expect(await compileAndRun(folder, { compiler, defines: ['QFX_NO_MULTIPLY'] })).toContain(' 0 mismatches');
  });
});

describe('numbers of channels with formats of their own', () => {
  it('compute the same in training, executor and C++', async (context) => {
    requireOracle(context, findCompiler());
    await initializeBackend('wasm');
    const graph = mixedChannels();
    for (const name of ['norm/scale', 'norm/offset', 'prelu/alpha']) {
      const { format, raw } = graph.tensors[name];
      const wordLengths = [0, 5, 3, 1, 6, 4, 2, 0, 5];
      expect(format.wordLength).toEqual(
        name.endsWith('offset') ? { axis: 0, values: wordLengths } : { elements: wordLengths },
      );
      wordLengths.forEach((bits, channel) => expect(bits > 0 || raw[channel] === 0).toBe(true));
    }
    const [fast, reference] = [new Network(graph), new ReferenceNetwork(graph)];
    const random = new Random(3);
    for (let image = 0; image < 8; image++) {
      const values = Array.from({ length: 40 }, () => random.integer(-32, 31));
      expect(fast.run(values).layers).toEqual(reference.run(values));
    }
    await expectSameInCpp(graph);
  });
});
