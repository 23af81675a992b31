import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createLayers, FixedPointLayer, freeze, quantizersOf } from '../../src/autograd/index.js';
import type { LearnedFactor } from '../../src/autograd/index.js';
import { keepingBudget } from '../../src/autograd/freeze/budget.js';
import type { Consumption } from '../../src/autograd/freeze/budget.js';
import { measureStatistics } from '../../src/autograd/freeze/fixing.js';
import { runSteps } from '../../src/autograd/freeze/steps.js';
import { tf } from '../../src/autograd/tensorflow.js';
import { BitOperations } from '../../src/autograd/train/bit-operations.js';
import { readCheckpoint } from '../../src/autograd/train/checkpoint.js';
import { firstImages } from '../../src/autograd/train/first-images.js';
import { modelWeights } from '../../src/autograd/train/model-weights.js';
import { requireReachable } from '../../src/autograd/train/reachable-budget.js';
import { ResourceTerm } from '../../src/autograd/train/resource-term.js';
import { keepWithin } from '../../src/autograd/train/settle.js';
import { train } from '../../src/autograd/train/train.js';
import { summarizeGraph } from '../../src/qfx/index.js';
import { termsOf } from '../../src/qfx/number/k-hot.js';
import { startTestedBackend } from '../support/backend.js';
import { data, weightsOf } from './sharded-network.js';

beforeAll(startTestedBackend);

const learned = { initial: 6, maximum: 8 };
const start = 9 * 8 * 6 * 27 + 27 * 12 * 6 + 27 * 6 * 3 * 6;
const budget = 6_000;
const twoHot = { wordLength: 8, kHot: { terms: 2 } };
const training = {
  epochs: 3,
  batchSize: 32,
  seed: 7,
  learningRate: { schedule: 'cosine', rate: 0.02, warmUpSteps: 2 },
  freezing: { binaryPoints: 0.6, statistics: 0.8, images: 64 },
  resources: { bitOperations: budget },
} as const;

/** Bytes, a convolution with three channels to 3x3 values, and 27 values to three classes. */
function network(conv = {}, classes = {}, norm = {}): tf.LayersModel {
  const q = createLayers({
    seed: 3,
    weights: { wordLength: learned, granularity: 'channel' },
    scale: { wordLength: learned, granularity: 'channel' },
    offset: { wordLength: learned },
    activations: { wordLength: learned },
    accumulators: { wordLength: 12 },
  });
  return tf.sequential({
    layers: [
      q.input({ name: 'image', inputShape: [8, 8, 1], wordLength: 8, binaryPoint: 8 }),
      q.conv2d({ name: 'conv', filters: 3, kernelSize: 3, strides: 2, ...conv }),
      q.batchNormalization({ name: 'norm', momentum: 0.8, ...norm }),
      q.relu({ name: 'relu' }),
      q.flatten({ name: 'flat' }),
      q.dense({ name: 'classes', units: 3, ...classes }),
    ],
  });
}

/** Every kind of layer that multiplies by something learned, behind values without a word length of their own. */
function exactNetwork(): tf.LayersModel {
  const q = createLayers({ seed: 4, weights: { wordLength: 3 }, scale: { wordLength: 4 }, alpha: twoHot });
  return tf.sequential({
    layers: [
      q.input({ inputShape: [8, 8, 1], wordLength: 8, binaryPoint: 8 }),
      q.conv2d({ filters: 3, kernelSize: 3, strides: 2, output: 'exact' }),
      q.batchNormalization({ name: 'norm', output: 'exact' }),
      q.prelu({ name: 'prelu', output: { wordLength: 5 } }),
      q.conv2dTranspose({ name: 'transposed', filters: 2, kernelSize: 3, strides: 2, output: 'exact' }),
      q.flatten(),
      q.dense({ name: 'classes', units: 3 }),
    ],
  });
}

/** With every quantizer placed. */
function placed(...layers: Parameters<typeof network>): tf.LayersModel {
  return withPlaces(network(...layers));
}

function withPlaces(model: tf.LayersModel): tf.LayersModel {
  tf.tidy(() => void model.apply(firstImages(data.test, data.shape, 32), { training: true }));
  return model;
}

const quantizer = (model: tf.LayersModel, layer: string, role: string) =>
  quantizersOf(model).find((placedAt) => placedAt.layer === layer && placedAt.role === role)!.quantizer;

const keepBudget = (consumption: Consumption, budget: number, lossOf: () => number) =>
  runSteps(keepingBudget(consumption, budget, lossOf));

let samples: tf.Tensor;
beforeAll(() => {
  samples = firstImages(data.test, data.shape, 64);
});

describe('bit operations', () => {
  it('are products of word lengths, summed over all multiplications', () => {
    const operations = new BitOperations(placed());
    expect(operations.perLayer()).toEqual([
      { layer: 'conv', bitOperations: 9 * 3 * 9 * 8 * 6 },
      { layer: 'norm', bitOperations: 27 * 12 * 6 },
      { layer: 'classes', bitOperations: 27 * 3 * 6 * 6 },
    ]);
  });

  it("are counted behind a function of the program's own, while the type of its input still learns", () => {
    const q = createLayers({ seed: 4, weights: { wordLength: learned } });
    const input = q.input({ inputShape: [8, 8, 1], wordLength: 8, binaryPoint: 8 });
    const cube = q.tableFunction({ name: 'cube', function: (x) => x ** 3, output: { wordLength: 5 } });
    const dense = q.dense({ name: 'classes', units: 3 });
    const model = withPlaces(
      tf.sequential({ layers: [input, q.requantize({ output: { wordLength: 6 } }), cube, q.flatten(), dense] }),
    );
    expect(new BitOperations(model).perLayer()).toEqual([{ layer: 'classes', bitOperations: 64 * 3 * 6 * 5 }]);
  });

  it('of K-hot weights are the additions of the powers of two that there are', () => {
    const model = placed({ weights: twoHot });
    const { shape, raw } = freeze(model, { samples }).tensors['conv/weights'];
    const channels = shape[3];
    const terms = new Array<number>(channels).fill(0);
    raw.forEach((value, index) => {
      terms[index % channels] += termsOf(Number(value), { terms: 2, digits: 'signed' }).length;
    });
    // Of nine weights with two powers each some have fewer.
    for (const count of terms) expect(count).toBeLessThanOrEqual(18);
    const adders = terms.reduce((sum, count) => sum + count - 1, 0);
    expect(new BitOperations(model).perLayer()[0].bitOperations).toBe(9 * 8 * adders);
  });

  const learnedElements = { wordLength: learned, granularity: 'element' };
  it.each([
    ['learned word lengths', () => network()],
    ['K-hot weights', () => network({ weights: twoHot })],
    ['K-hot weights of plain powers', () => network({ weights: { ...twoHot, kHot: { terms: 3, digits: 'plain' } } })],
    ['K-hot weights with a binary point a channel', () => network({ weights: { ...twoHot, granularity: 'channel' } })],
    ['binary weights', () => network({ weights: { wordLength: 2, kHot: { terms: 1, projection: 'sign' } } })],
    ['padding', () => network({ filters: 2, padding: 'same', strides: 1 })],
    ['K-hot scales', () => network({}, {}, { scale: twoHot })],
    ['a word length of each scale', () => network({}, {}, { scale: learnedElements, offset: learnedElements })],
    ['layers behind exact values, a transposed convolution and slopes', () => exactNetwork()],
  ])('are those of the graph: %s', (_, unplaced) => {
    const model = withPlaces(unplaced());
    const counted = new BitOperations(model).perLayer();
    const { layers, bitOperations } = summarizeGraph(freeze(model, { samples }));
    for (const { layer, bitOperations: own } of counted)
      expect(layers.find(({ name }) => name === layer)?.bitOperations).toBe(own);
    expect(new BitOperations(model).total()).toBe(bitOperations);
  });

  it('behind joined values and signs are those of the graph, too', () => {
    const q = createLayers({ seed: 2, weights: { wordLength: 4 }, activations: { wordLength: learned } });
    const input = tf.input({ shape: [8, 8, 1] });
    const x = q.input({ wordLength: 8, binaryPoint: 8 }).apply(input) as tf.SymbolicTensor;
    const conv = (name: string, from: tf.SymbolicTensor) =>
      q
        .conv2d({ name, filters: 2, kernelSize: 3, strides: 2, output: { wordLength: learned } })
        .apply(from) as tf.SymbolicTensor;
    const left = q.relu({ name: 'left' }).apply(conv('one', x)) as tf.SymbolicTensor;
    const right = q.requantize({ name: 'right', output: { wordLength: 3, binaryPoint: 14 } }).apply(conv('two', x));
    const joined = q.concatenate({ name: 'joined' }).apply([left, right as tf.SymbolicTensor]) as tf.SymbolicTensor;
    const signs = q.sign({ name: 'signs' }).apply(conv('three', joined)) as tf.SymbolicTensor;
    const y = q.dense({ name: 'classes', units: 3 }).apply(q.flatten().apply(signs)) as tf.SymbolicTensor;
    const model = tf.model({ inputs: input, outputs: y });
    tf.tidy(() => void model.apply(firstImages(data.test, data.shape, 32), { training: true }));
    const graph = freeze(model, { samples });
    const operations = new BitOperations(model);
    expect(operations.perLayer().map(({ bitOperations }) => bitOperations)).toEqual([
      9 * 18 * 8 * 4,
      9 * 18 * 8 * 4,
      9 * 4 * 2 * 6 * 4,
      2 * 3 * 2 * 4,
    ]);
    expect(operations.total()).toBe(summarizeGraph(graph).bitOperations);
    // What a sign is taken of may have any length.
    expect(operations.slopes().has(quantizer(model, 'three', 'output'))).toBe(false);
  });

  it('have the slopes that shorter words show', () => {
    const model = placed();
    const operations = new BitOperations(model);
    const slopes = operations.slopes();
    expect(slopes.size).toBe(4);
    for (const [one, slope] of slopes) {
      slope.forEach((bits, channel) => {
        const before = operations.total();
        const lengths = one.wordLengths;
        one.freezeAt(
          one.binaryPoints,
          lengths.map((length, index) => (index === channel ? length - 1 : length)),
        );
        expect(before - operations.total()).toBeCloseTo(bits, 6);
        one.freezeAt(one.binaryPoints, lengths);
      });
    }
  });

  it.each(['tensor', 'channel'] as const)(
    'of K-hot weights have the slopes of their binary points, one a %s',
    (granularity) => {
      const model = placed({ weights: { ...twoHot, granularity } });
      const operations = new BitOperations(model);
      const weights = quantizer(model, 'conv', 'weights');
      const slopes = operations.slopes().get(weights)!;
      const points = weights.binaryPoints;
      expect(slopes).toHaveLength(points.length);
      const totalWith = (channel: number, more: number) => {
        weights.freezeAt(points.map((point, index) => (index === channel ? point + more : point)));
        return operations.total();
      };
      slopes.forEach((slope, channel) => {
        expect((totalWith(channel, 1) - totalWith(channel, -1)) / 2).toBe(slope);
        weights.freezeAt(points);
      });
      // Somewhere coarser numbers are fewer powers of two.
      expect(Math.max(...slopes)).toBeGreaterThan(0);
    },
  );
});

/** A layer of a user's own that multiplies by learned constants, which it describes, or not. */
class Gain extends FixedPointLayer {
  static readonly className = 'Gain';
  private readonly described: LearnedFactor | undefined;

  constructor(described?: LearnedFactor) {
    super({ operation: 'batch-normalization', name: 'gain', output: { wordLength: 6 } });
    this.described = described;
  }

  override get factor(): LearnedFactor | undefined {
    return this.described;
  }

  protected override forward([x]: readonly tf.Tensor[]): tf.Tensor {
    return x;
  }

  protected override exact([x]: readonly tf.Tensor[]): { parts: tf.Tensor[] } {
    return { parts: [x] };
  }
}

describe('the bit operations of a layer of a user', () => {
  /** The layer stands behind 64 values of 8 bits. */
  const withLayer = (...layers: tf.layers.Layer[]) => {
    const q = createLayers({ seed: 1, weights: { wordLength: 4 } });
    const input = q.input({ inputShape: [8, 8, 1], wordLength: 8, binaryPoint: 8 });
    return tf.sequential({ layers: [input, q.flatten(), ...layers, q.dense({ name: 'classes', units: 3 })] });
  };
  const refused = (model: tf.LayersModel) => expect(train({ model, data, ...training })).rejects;

  it('are counted by the factor that it describes', () => {
    const scales = { wordLength: 5, binaryPoint: 2 };
    const factor = placed({}, {}, { scale: scales }).layers.find(({ name }) => name === 'norm') as FixedPointLayer;
    const described = { ...factor.factor!, shape: [64], places: 1 };
    const model = withPlaces(withLayer(new Gain(described)));
    expect(new BitOperations(model).perLayer()[0]).toEqual({ layer: 'gain', bitOperations: 64 * 8 * 5 });
  });

  it('are asked for where it says nothing, before the first step', async () => {
    const message = 'layer "gain": multiplies by its scale and does not say so: bit operations need its "factor"';
    await refused(withLayer(new Gain())).toThrow(message);
  });

  it('need values of a fixed-point layer', async () => {
    await refused(withLayer(tf.layers.elu({ name: 'elu' }))).toThrow(
      'layer "classes": gets values of "elu", which is not a fixed-point layer',
    );
  });
});

/** The term of a model whose statistics are those of its batches. */
const termOf = (model: tf.LayersModel, budget: number) => {
  const operations = new BitOperations(model);
  return new ResourceTerm(operations, modelWeights(model), budget, () => operations.remaining());
};

describe('the term in the loss', () => {
  it("pulls at both parts of a learned word, of BatchNorm's scales, too", () => {
    const model = placed();
    const weights = modelWeights(model);
    const gradients = weights.map(({ shape }) => new Float32Array(shape.reduce((size, axis) => size * axis, 1)));
    const term = termOf(model, 10);
    const start = term.start();
    // At first the allowance is what the network starts with: there is nothing to pull at.
    term.apply(start, 0, 100, (position) => gradients[position]);
    expect(gradients.flatMap((gradient) => [...gradient]).filter((slope) => slope !== 0)).toEqual([]);
    term.apply(start, 50, 100, (position) => gradients[position]);
    const pulled = weights.flatMap(({ layer, key }, position) =>
      gradients[position].some((slope) => slope > 0) ? [`${layer} ${key.slice(key.lastIndexOf('/') + 1)}`] : [],
    );
    expect(pulled).toEqual(
      ['conv weights', 'norm scale', 'relu output', 'classes weights'].flatMap((role) => [
        `${role}_theta`,
        `${role}_integer_theta`,
      ]),
    );
    const theta = weights.findIndex(({ key }) => key.endsWith('scale_integer_theta'));
    const scale = (start.strength * quantizer(model, 'norm', 'scale').config.learningRateScale) / start.start;
    expect(gradients[theta]).toEqual(Float32Array.from([0, 1, 2], () => scale * 9 * 12));
  });

  it('pulls at the binary points of K-hot weights', () => {
    const model = placed({ weights: { ...twoHot, granularity: 'channel' } });
    const weights = modelWeights(model);
    const gradients = weights.map(({ shape }) => new Float32Array(shape.reduce((size, axis) => size * axis, 1)));
    const term = termOf(model, 10);
    const start = term.start();
    const one = quantizer(model, 'conv', 'weights');
    const slopes = new BitOperations(model).slopes().get(one)!;
    term.apply(start, 50, 100, (position) => gradients[position]);
    const theta = weights.findIndex(({ layer, key }) => layer === 'conv' && key.endsWith('weights_theta'));
    const scale = (start.strength * one.config.learningRateScale) / start.start;
    expect(gradients[theta]).toEqual(Float32Array.from(slopes, (slope) => scale * slope));
    expect(Math.max(...gradients[theta])).toBeGreaterThan(0);
  });

  it('pulls at nothing in a network that takes no bit operations: one weight an output, a power of two', () => {
    const q = createLayers({ seed: 4, weights: { wordLength: 6, kHot: { terms: 1 } } });
    const input = q.input({ inputShape: [8, 8, 1], wordLength: 8, binaryPoint: 8 });
    const model = withPlaces(
      tf.sequential({ layers: [input, q.globalMaxPooling2d(), q.dense({ name: 'classes', units: 3 })] }),
    );
    const weights = modelWeights(model);
    const gradients = weights.map(({ shape }) => new Float32Array(shape.reduce((size, axis) => size * axis, 1)));
    const term = termOf(model, 10);
    const start = term.start();
    expect(start.start).toBe(0);
    expect(term.apply(start, 0, 100, (position) => gradients[position]).strength).toBeLessThan(start.strength);
    expect(gradients.flatMap((gradient) => [...gradient]).filter((slope) => slope !== 0)).toEqual([]);
  });
});

/** The scales of the first two of three channels become 0: they are constant, and freezing leaves them out. */
function withoutTwoChannels(model: tf.LayersModel): tf.LayersModel {
  modelWeights(model)
    .find(({ layer, key }) => layer === 'norm' && key.endsWith('/gamma'))!
    .write(Float32Array.from([0, 0, 1]));
  return model;
}

describe('channels that freezing leaves out', () => {
  it('do not count, and all do where a layer cannot compute exactly', () => {
    const model = placed();
    const operations = new BitOperations(model);
    expect(operations.remaining()).toBe(start);
    withoutTwoChannels(model);
    expect(operations.total()).toBe(start);
    expect(operations.remaining()).toBe(start / 3);
    expect(operations.remaining()).toBe(summarizeGraph(freeze(model, { samples })).bitOperations);

    const wide = withoutTwoChannels(placed({}, {}, { output: 'exact', scale: { wordLength: 20 } }));
    expect(() => freeze(wide, { samples })).toThrow(/layer "norm"/);
    const ofWide = new BitOperations(wide);
    expect(ofWide.remaining()).toBe(ofWide.total());
  });

  it('are looked for every 50 steps, and steer no term', () => {
    const model = withoutTwoChannels(placed());
    const allowed = 0.9 * start;
    const term = termOf(model, allowed);
    const apply = (before: ReturnType<typeof term.start>, step: number) =>
      term.apply(before, step, 100, () => undefined);
    const first = term.start();
    expect(first.start).toBe(start / 3);
    const second = apply(first, 0);
    expect(second.kept).toBe(1 / 3);
    // A third of the network is less than what is allowed.
    expect(second.strength).toBeLessThan(first.strength);
    modelWeights(model)
      .find(({ layer, key }) => layer === 'norm' && key.endsWith('/gamma'))!
      .write(Float32Array.from([1, 1, 1]));
    const third = apply(second, 49);
    expect(third.kept).toBe(1 / 3);
    expect(third.strength).toBeLessThan(second.strength);
    const fourth = apply(third, 50);
    expect(fourth.kept).toBe(1);
    expect(fourth.strength).toBeGreaterThan(third.strength);
  });
});

describe('a run with a budget', () => {
  it('keeps it by the statistics of its images, too, and leaves the moving ones alone', () => {
    const model = placed({}, {}, { momentum: 0.999, scale: { wordLength: 3 } });
    for (const { quantizer: own } of quantizersOf(model)) if (!own.isFrozen) own.freezeAt(own.binaryPoints);
    const moving = () => modelWeights(model).flatMap(({ key, read }) => (key.includes('moving') ? [...read()] : []));
    const before = moving();
    const operations = new BitOperations(model);
    const allowed = operations.total() / 2;
    expect(operations.remaining()).toBeLessThan(allowed);
    const labels = data.test.labels.slice(0, samples.shape[0]);
    runSteps(keepWithin(model, samples, labels, allowed));
    expect(moving()).toEqual(before);
    measureStatistics(model, [samples]);
    expect(operations.remaining()).toBeLessThanOrEqual(allowed);
    expect(operations.remaining()).toBeGreaterThan(allowed / 2);
  });

  it('leaves the moving statistics alone, whatever it counts by', async () => {
    const afterFirstStep = async (options: object) => {
      const folder = await mkdtemp(join(tmpdir(), 'qfx-budget-'));
      const controller = new AbortController();
      const onProgress = ({ step }: { step: number }) => step === 1 && controller.abort(new Error('enough'));
      const run = { ...training, ...options, folder, signal: controller.signal, onProgress };
      await expect(train({ model: network(), data, ...run })).rejects.toThrow('enough');
      const last = await readCheckpoint(join(folder, 'checkpoints', 'last.safetensors'));
      await rm(folder, { recursive: true });
      const moving = Object.entries(last?.weights ?? {}).filter(([key]) => key.includes('moving'));
      return moving.map(([key, { values }]) => [key, ...values]);
    };
    const withBudget = await afterFirstStep({});
    expect(withBudget).toHaveLength(2);
    expect(withBudget).toEqual(await afterFirstStep({ resources: undefined }));
  });

  it('counts what it starts with by the statistics of its images, however far behind the moving ones are', async () => {
    // With the variance of 1 that the moving statistics begin with, all of these short scales would be 0.
    const short = { momentum: 0.999, scale: { wordLength: 3 } };
    expect(new BitOperations(placed({}, {}, short)).remaining()).toBeLessThan(start / 2);
    const folder = await mkdtemp(join(tmpdir(), 'qfx-budget-'));
    const resources = { bitOperations: 2 * start };
    await train({ model: network({}, {}, short), data, ...training, epochs: 1, resources, folder });
    const last = await readCheckpoint(join(folder, 'checkpoints', 'last.safetensors'));
    expect(last?.state.resources).toEqual({ start: start - 27 * 12 * 3, strength: expect.any(Number), kept: 1 });
    await rm(folder, { recursive: true });
  });

  it('ends within it, whatever it started with, and still learns', async () => {
    const model = network();
    const { test } = await train({ model, data, ...training });
    const operations = new BitOperations(model);
    expect(operations.remaining()).toBeLessThanOrEqual(budget);
    // It uses what it may: half of it would be another network.
    expect(operations.remaining()).toBeGreaterThan(budget / 2);
    expect(budget).toBeLessThan(start / 2);
    expect(test.accuracy).toBeGreaterThan(0.8);
    const graph = freeze(model, { samples: firstImages(data.test, data.shape, 64) });
    const { pruned = {} } = graph.provenance as { pruned?: Record<string, number[]> };
    for (const [layer, role, axis] of [
      ['conv', 'weights', 3],
      ['norm', 'scale', 0],
    ] as const) {
      const { format } = graph.tensors[`${layer}/${role}`];
      const { wordLengths } = quantizer(model, layer, role);
      const quantized = wordLengths.filter((_, channel) => !pruned[layer]?.includes(channel));
      expect(format.wordLength).toEqual(new Set(wordLengths).size === 1 ? quantized[0] : { axis, values: quantized });
    }
    expect(Math.min(...quantizer(model, 'norm', 'scale').wordLengths)).toBeLessThan(learned.initial);
  });

  it('ends within it where each weight has a word of its own, and prunes some', async () => {
    const weights = { weights: { wordLength: learned, granularity: 'element' } };
    const model = network(weights, weights);
    const small = budget / 2;
    const { test } = await train({ model, data, ...training, epochs: 6, resources: { bitOperations: small } });
    const operations = new BitOperations(model);
    expect(operations.total()).toBeLessThanOrEqual(small);
    expect(operations.total()).toBeGreaterThan(small / 2);
    expect(test.accuracy).toBeGreaterThan(0.8);
    const graph = freeze(model, { samples: firstImages(data.test, data.shape, 64) });
    const { format, raw } = graph.tensors['classes/weights'];
    const { wordLengths } = quantizer(model, 'classes', 'weights');
    expect(format.wordLength).toEqual({ elements: wordLengths });
    expect(new Set(wordLengths).size).toBeGreaterThan(2);
    expect(wordLengths).toContain(0);
    wordLengths.forEach((bits, index) => expect(bits > 0 || raw[index] === 0).toBe(true));
  });

  it('ends within it where K-hot weights go on learning after their binary points are frozen', async () => {
    const q = createLayers({ seed: 4, weights: { ...twoHot, granularity: 'channel' } });
    const input = q.input({ inputShape: [8, 8, 1], wordLength: 8, binaryPoint: 8 });
    const model = tf.sequential({ layers: [input, q.flatten(), q.dense({ name: 'classes', units: 3 })] });
    const [early, small] = [{ ...training.freezing, binaryPoints: 0.3 }, { bitOperations: 200 }];
    const learningRate = { schedule: 'constant', rate: 0.02 } as const;
    await train({ model, data, ...training, epochs: 2, learningRate, freezing: early, resources: small });
    expect(new BitOperations(model).total()).toBeLessThanOrEqual(small.bitOperations);
  });

  it('makes K-hot weights fewer powers of two, and still learns', async () => {
    const kHot = { filters: 6, weights: { ...twoHot, granularity: 'channel' } };
    const freely = network(kHot);
    await train({ model: freely, data, ...training, resources: undefined });
    const before = new BitOperations(freely).perLayer()[0].bitOperations;
    const steered = network(kHot);
    const { test } = await train({ model: steered, data, ...training });
    const operations = new BitOperations(steered);
    expect(operations.total()).toBeLessThanOrEqual(budget);
    expect(operations.perLayer()[0].bitOperations).toBeLessThan(before / 1.5);
    expect(test.accuracy).toBeGreaterThan(0.8);
    expect(summarizeGraph(freeze(steered, { samples })).bitOperations).toBeLessThanOrEqual(operations.total());
  });

  it('resumes to the same bits', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'qfx-budget-'));
    const [whole, resumed] = [network(), network()];
    await train({ model: whole, data, ...training });
    const controller = new AbortController();
    const onProgress = ({ step }: { step: number }) => step >= 13 && controller.abort(new Error('enough'));
    const session = train({ model: network(), data, ...training, folder, signal: controller.signal, onProgress });
    await expect(session).rejects.toThrow('enough');
    await train({ model: resumed, data, ...training, folder, resume: true });
    expect(weightsOf(resumed)).toEqual(weightsOf(whole));
    await rm(folder, { recursive: true });
  });
});

describe('a budget that no words are short enough for', () => {
  const refuse = (model: tf.LayersModel, bitOperations: number, onProgress?: () => void) =>
    expect(train({ model, data, ...training, resources: { bitOperations }, onProgress })).rejects;

  it('is refused before the first step, with what holds it', async () => {
    let steps = 0;
    const model = network({ weights: { wordLength: 4 } }, { weights: { wordLength: { ...learned, minimum: 2 } } });
    const before = weightsOf(model);
    await refuse(model, 7_937, () => steps++).toThrow(
      'training.resources: 7937 bit operations, but 7938 remain with the shortest words of all channels: ' +
        'layer "conv" 7776 (constants of 4 bits, values of 8), layer "classes" 162 (constants of 2 bits, values of 1); ' +
        'give these layers shorter or learned words, or allow more',
    );
    expect(steps).toBe(0);
    expect(weightsOf(model)).toEqual(before);
    expect(() => requireReachable(new BitOperations(model), 7_938)).not.toThrow();
  });

  it('names the largest layers only', async () => {
    const q = createLayers({ weights: { wordLength: 4 }, accumulators: { wordLength: 6 } });
    const dense = Array.from({ length: 8 }, (_, index) => q.dense({ name: `dense${index}`, units: 10 - index }));
    const input = q.input({ inputShape: [8, 8, 1], wordLength: 8, binaryPoint: 8 });
    const model = tf.sequential({ layers: [input, q.flatten(), ...dense] });
    await refuse(model, 100).toThrow(/: layer "dense0" 20480 .*"dense1" .*"dense4" 1008 \(.*\), 3 more; give/);
  });

  it.each([
    ['learned words', () => network()],
    ['fixed words', () => network({ weights: { wordLength: 4 } }, { weights: { wordLength: 3 } })],
    ['K-hot numbers', () => network({ weights: twoHot }, {}, { scale: twoHot })],
    ['binary weights', () => network({ weights: { wordLength: 2, kHot: { terms: 1, projection: 'sign' } } })],
    ['exact values', exactNetwork],
  ])('is told from one that can be kept, exactly: %s', (_, make) => {
    const model = make();
    const least = new BitOperations(model).least();
    withPlaces(model);
    const operations = new BitOperations(model);
    for (const one of operations.slopes().keys()) one.freezeAt(one.binaryPoints);
    // Takes everything that can be taken.
    expect(() => keepBudget(operations, -1, () => 0)).toThrow(/resources/);
    const reached = operations.perLayer();
    const isBehindExact = (layer: string) => least.find((one) => one.layer === layer)!.bits.values === 0;
    for (const [index, { layer, bitOperations }] of reached.entries()) {
      expect(least[index].layer).toBe(layer);
      if (isBehindExact(layer)) expect(least[index].bitOperations).toBeLessThanOrEqual(bitOperations);
      else expect(least[index].bitOperations).toBe(bitOperations);
    }
  });
});

describe('keepingBudget', () => {
  it('takes the bits that cost the least loss for what they save', () => {
    const model = placed();
    const operations = new BitOperations(model);
    for (const one of operations.slopes().keys()) one.freezeAt(one.binaryPoints);
    const relu = quantizer(model, 'relu', 'output');
    const conv = quantizer(model, 'conv', 'weights');
    const scale = quantizer(model, 'norm', 'scale');
    // Only short weights of the convolution and short scales hurt.
    const lossOf = () => 100 - conv.wordLengths[0] - scale.wordLengths[0];
    keepBudget(operations, operations.total() - 27 * 3 * 6 * 2, lossOf);
    expect(relu.wordLengths).toEqual([4]);
    expect([conv.wordLengths, scale.wordLengths]).toEqual([
      [6, 6, 6],
      [6, 6, 6],
    ]);
  });

  it('makes K-hot numbers coarser until powers of two are saved', () => {
    const model = placed({ weights: { ...twoHot, granularity: 'channel' } });
    const operations = new BitOperations(model);
    for (const one of operations.slopes().keys()) one.freezeAt(one.binaryPoints);
    const conv = quantizer(model, 'conv', 'weights');
    const [points, wordLengths] = [conv.binaryPoints, quantizer(model, 'relu', 'output').wordLengths];
    const perLayer = () => operations.perLayer()[0].bitOperations;
    const before = perLayer();
    // Everything but those weights hurts.
    const others = () => operations.total() - perLayer();
    const all = others();
    const lossOf = () => 1000 * (all - others());
    keepBudget(operations, operations.total() - before / 2, lossOf);
    expect(perLayer()).toBeLessThanOrEqual(before / 2);
    expect(quantizer(model, 'relu', 'output').wordLengths).toEqual(wordLengths);
    const moved = conv.binaryPoints.map((point, channel) => points[channel] - point);
    expect(new Set(moved).size).toBe(1);
    // One step less would not have been enough.
    conv.freezeAt(conv.binaryPoints.map((point) => point + 1));
    expect(perLayer()).toBeGreaterThan(before / 2);
    // In the end nothing remains.
    keepBudget(operations, 1e-9, () => 0);
    expect(operations.total()).toBe(0);
  });

  it('refuses a budget below the shortest words', () => {
    const model = placed({ weights: { wordLength: 4, binaryPoint: 3 } });
    const operations = new BitOperations(model);
    for (const one of operations.slopes().keys()) one.freezeAt(one.binaryPoints);
    // A third of 7776: channels with scales of 0 bits are constant, and a layer keeps one.
    expect(() => keepBudget(operations, 10, () => 0)).toThrow(
      /resources: 2592 bit operations with the shortest words \(of all channels: layer "conv" 7776\), allowed: 10/,
    );
  });
});
