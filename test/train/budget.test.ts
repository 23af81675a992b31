import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createLayers, freeze, quantizersOf } from '../../src/autograd/index.js';
import { keepBudget } from '../../src/autograd/freeze/budget.js';
import { tf } from '../../src/autograd/tensorflow.js';
import { BitOperations } from '../../src/autograd/train/bit-operations.js';
import { firstImages } from '../../src/autograd/train/first-images.js';
import { train } from '../../src/autograd/train/train.js';
import { startTestedBackend } from '../support/backend.js';
import { data, weightsOf } from './sharded-network.js';

beforeAll(startTestedBackend);

const learned = { initial: 6, maximum: 8 };
const start = 9 * 8 * 6 * 27 + 27 * 6 * 3 * 6;
const budget = 6_000;
const training = {
  epochs: 3,
  batchSize: 32,
  seed: 7,
  learningRate: { schedule: 'cosine', rate: 0.02, warmUpSteps: 2 },
  freezing: { binaryPoints: 0.6, statistics: 0.8, images: 64 },
  resources: { bitOperations: budget },
} as const;

/** Bytes, a convolution with three channels to 3x3 values, and 27 values to three classes. */
function network(conv = {}, classes = {}): tf.LayersModel {
  const q = createLayers({
    seed: 3,
    weights: { wordLength: learned, granularity: 'channel' },
    activations: { wordLength: learned },
    accumulators: { wordLength: 12 },
  });
  return tf.sequential({
    layers: [
      q.input({ name: 'image', inputShape: [8, 8, 1], wordLength: 8, binaryPoint: 8 }),
      q.conv2d({ name: 'conv', filters: 3, kernelSize: 3, strides: 2, ...conv }),
      q.batchNormalization({ name: 'norm', momentum: 0.8 }),
      q.relu({ name: 'relu' }),
      q.flatten({ name: 'flat' }),
      q.dense({ name: 'classes', units: 3, ...classes }),
    ],
  });
}

/** With every quantizer placed. */
function placed(conv = {}): tf.LayersModel {
  const model = network(conv);
  tf.tidy(() => void model.apply(firstImages(data.test, data.shape, 32), { training: true }));
  return model;
}

const quantizer = (model: tf.LayersModel, layer: string, role: string) =>
  quantizersOf(model).find((placedAt) => placedAt.layer === layer && placedAt.role === role)!.quantizer;

describe('bit operations', () => {
  it('are products of word lengths, summed over all multiplications', () => {
    const operations = new BitOperations(placed());
    expect(operations.perLayer()).toEqual([
      { layer: 'conv', bitOperations: 9 * 3 * 9 * 8 * 6 },
      { layer: 'classes', bitOperations: 27 * 3 * 6 * 6 },
    ]);
  });

  it('of K-hot weights are additions', () => {
    const operations = new BitOperations(placed({ weights: { wordLength: 8, kHot: { terms: 2 } } }));
    expect(operations.perLayer()[0].bitOperations).toBe(9 * 3 * 9 * 8 * 2);
  });

  it('have the slopes that shorter words show', () => {
    const model = placed();
    const operations = new BitOperations(model);
    const slopes = operations.slopes();
    expect(slopes.size).toBe(3);
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

  it('cannot be counted behind exact values, and says so', () => {
    const q = createLayers();
    const model = tf.sequential({
      layers: [
        q.input({ inputShape: [4], wordLength: 8, binaryPoint: 8 }),
        q.dense({ name: 'first', units: 2, output: 'exact' }),
        q.dense({ name: 'second', units: 2 }),
      ],
    });
    expect(() => new BitOperations(model)).toThrow(/layer "second": gets exact values of "first", .* give its output/);
  });
});

describe('a run with a budget', () => {
  it('ends within it, whatever it started with, and still learns', async () => {
    const model = network();
    const { test } = await train({ model, data, ...training });
    const operations = new BitOperations(model);
    expect(operations.total()).toBeLessThanOrEqual(budget);
    // It uses what it may: half of it would be another network.
    expect(operations.total()).toBeGreaterThan(budget / 2);
    expect(budget).toBeLessThan(start / 2);
    expect(test.accuracy).toBeGreaterThan(0.8);
    const graph = freeze(model, { samples: firstImages(data.test, data.shape, 64) });
    const { format } = graph.tensors['conv/weights'];
    const quantized = quantizer(model, 'conv', 'weights').wordLengths;
    expect(format.wordLength).toEqual(new Set(quantized).size === 1 ? quantized[0] : { axis: 3, values: quantized });
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

describe('keepBudget', () => {
  it('takes the bits that cost the least loss for what they save', () => {
    const model = placed();
    const operations = new BitOperations(model);
    for (const one of operations.slopes().keys()) one.freezeAt(one.binaryPoints);
    const relu = quantizer(model, 'relu', 'output');
    const conv = quantizer(model, 'conv', 'weights');
    // Only short weights of the convolution hurt.
    const lossOf = () => 100 - conv.wordLengths[0];
    keepBudget(operations, operations.total() - 27 * 3 * 6 * 2, lossOf);
    expect(relu.wordLengths).toEqual([4]);
    expect(conv.wordLengths).toEqual([6, 6, 6]);
  });

  it('refuses a budget below the shortest words', () => {
    const model = placed({ weights: { wordLength: 4, binaryPoint: 3 } });
    const operations = new BitOperations(model);
    for (const one of operations.slopes().keys()) one.freezeAt(one.binaryPoints);
    expect(() => keepBudget(operations, 10, () => 0)).toThrow(
      /resources: 7776 bit operations with the shortest words, allowed: 10/,
    );
  });
});
