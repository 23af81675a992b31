import { beforeAll, describe, expect, it } from 'vitest';
import { initializeBackend } from '../../src/autograd/backend.js';
import { quantizersOf } from '../../src/autograd/freeze/index.js';
import { createLayers } from '../../src/autograd/layers/index.js';
import { batchNormalizationsOf } from '../../src/autograd/layers/batch-normalization.js';
import { tf } from '../../src/autograd/tensorflow.js';
import { epochOrder, makeBatch } from '../../src/autograd/train/batches.js';
import { shardGradients, sumShards } from '../../src/autograd/train/gradients.js';
import { modelWeights } from '../../src/autograd/train/model-weights.js';
import { shardRange } from '../../src/autograd/train/shards.js';
import { train } from '../../src/autograd/train/train.js';
import { data, training, network, weightsOf, Counting } from './sharded-network.js';

beforeAll(() => initializeBackend('wasm'));

describe('shards', () => {
  it.each([
    [8, 2, [4, 4]],
    [30, 4, [7, 8, 7, 8]],
    [3, 3, [1, 1, 1]],
  ])('of %i images, %i of them, are %o', (images, shards, sizes) => {
    const ranges = Array.from({ length: shards }, (_, shard) => shardRange(images, shards, shard));
    expect(ranges.map(({ start, end }) => end - start)).toEqual(sizes);
    expect(ranges.map(({ start }) => start)).toEqual([0, ...ranges.slice(0, -1).map(({ end }) => end)]);
    expect(ranges.at(-1)!.end).toBe(images);
  });

  it('are added in their order', () => {
    // In float32 the one is lost beside the large number, unless that has gone before.
    const sums = [[2 ** 30], [1], [-(2 ** 30)]].map((values) => [Float32Array.from(values)]);
    expect(sumShards(sums)).toEqual([Float32Array.from([0])]);
  });

  it('add up to the gradient of the batch', () => {
    const q = createLayers({ seed: 3, weights: { wordLength: 5 }, activations: { wordLength: 5 } });
    const model = tf.sequential({
      layers: [
        q.input({ inputShape: [8, 8, 1], wordLength: 8, binaryPoint: 8 }),
        q.conv2d({ filters: 3, kernelSize: 3, strides: 2 }),
        q.relu(),
        q.flatten(),
        q.dense({ units: 3 }),
      ],
    });
    const weights = modelWeights(model).filter(({ trainable }) => trainable);
    const gradientsOf = (start: number, end: number) => {
      const targets = weights.map(({ variable }) => new Float32Array(variable.size));
      const indices = Array.from({ length: end - start }, (_, index) => start + index);
      shardGradients(model, weights, makeBatch(data.train, data.shape, indices), data.shape, 30, targets);
      return targets;
    };
    const whole = gradientsOf(0, 30);
    const parts = [0, 1, 2, 3].map((shard) => {
      const { start, end } = shardRange(30, 4, shard);
      return gradientsOf(start, end);
    });
    sumShards(parts).forEach((sum, position) => {
      const largest = Math.max(...whole[position].map(Math.abs));
      sum.forEach((value, index) =>
        expect(Math.abs(value - whole[position][index])).toBeLessThanOrEqual(1e-5 * largest),
      );
    });
  });

  /** One step without learning: what is left is what the forward passes did. */
  const oneStep = { ...training, epochs: 1, batchSize: 330, augmentation: undefined, freezing: undefined };
  const images = (indices: ArrayLike<number>) =>
    tf.tensor(makeBatch(data.train, data.shape, indices).images, [indices.length, ...data.shape], 'float32');

  it('find binary points on the whole first batch', async () => {
    const [trained, searched] = [network({ dropout: 0 }), network({ dropout: 0 })];
    await train({ model: trained, data, ...oneStep, workers: 1 });
    searched.apply(images(epochOrder(330, training.seed, 0)), { training: true });
    const pointsOf = (model: tf.LayersModel) =>
      quantizersOf(model).map(({ role, quantizer }) => [role, quantizer.initialBinaryPoints]);
    expect(pointsOf(trained)).toEqual(pointsOf(searched));
  });

  it("move BatchNorm's statistics one after the other, by what each has seen", async () => {
    const [trained, expected] = [network({ dropout: 0 }), network({ dropout: 0 })];
    // The statistics are measured again at the end, so look after the step.
    const found: number[][][] = [];
    const statistics = (model: tf.LayersModel) =>
      modelWeights(model)
        .filter(({ key }) => key.includes('moving_'))
        .map(({ read }) => [...read()]);
    const onProgress = ({ phase, step }: { phase: string; step: number }) => {
      if (phase === 'training' && step === 1) found.push(statistics(trained));
    };
    await train({ model: trained, data, ...oneStep, workers: 1, onProgress });
    const order = epochOrder(330, training.seed, 0);
    const [norm] = batchNormalizationsOf(expected);
    norm.reportStatistics(() => {});
    expected.apply(images(order), { training: true }); // places the binary points
    norm.reportStatistics(undefined);
    for (const shard of [0, 1, 2, 3]) {
      const { start, end } = shardRange(330, 4, shard);
      expected.apply(images(order.subarray(start, end)), { training: true });
    }
    expect(found).toEqual([statistics(expected)]);
  });

  it('refuse a layer that changes its own weights, which one shard may do', async () => {
    const counting = () => network({ extra: [new Counting({ name: 'counter' })] });
    await expect(train({ model: counting(), data, ...training })).rejects.toThrow(
      /layer "counter": changes its weight "count" in a training pass, which 4 shards cannot share; needed: shards: 1/,
    );
    const model = counting();
    const { steps } = await train({ model, data, ...training, epochs: 1, shards: 1 });
    // One pass for the binary points, and one for the statistics.
    expect(weightsOf(model).at(-1)![1]).toEqual([steps + 2]);
  });

  it('drop other places in every step and shard', async () => {
    const seeds: unknown[] = [];
    const model = network();
    const dropout = model.layers.find((layer) => layer.getClassName() === 'Dropout') as unknown as {
      seed: number;
      call: (...args: unknown[]) => unknown;
    };
    const { call } = dropout;
    dropout.call = function (...args) {
      seeds.push(this.seed);
      return call.apply(this, args);
    };
    await train({ model, data, ...oneStep, batchSize: 110, workers: 1 });
    // Three steps of four shards, and its own seed in passes without dropout.
    expect(new Set(seeds).size).toBe(13);
    expect(dropout.seed).toBe(5);
  });
});
