import { beforeAll, describe, expect, it } from 'vitest';
import {
  createLayers,
  freezeBinaryPoints,
  freezeSchedule,
  freezeStatistics,
  quantizersOf,
  tf,
  withoutQuantizers,
} from '../../../src/autograd/index.js';
import { borrowStatistics } from '../../../src/autograd/freeze/fixing.js';
import { startTestedBackend } from '../../support/backend.js';
import { byteImages, residualNetwork, trainABit } from './networks.js';

beforeAll(startTestedBackend);

const weightsOf = (model: tf.LayersModel, pattern: RegExp) =>
  model.weights
    .filter(({ originalName }) => pattern.test(originalName))
    .map((weight) => Array.from(weight.read().dataSync()));

describe('freezeBinaryPoints', () => {
  it('puts every binary point next to where it was, for good', async () => {
    const model = residualNetwork();
    await trainABit(model);
    const positions = quantizersOf(model).map(({ quantizer }) => quantizer.positions);
    freezeBinaryPoints(model, byteImages(32, [6, 6, 2], 7));
    quantizersOf(model).forEach(({ quantizer }, place) =>
      quantizer.binaryPoints.forEach((point, channel) => {
        expect(quantizer.isFrozen).toBe(true);
        expect([0, 1]).toContain(point - Math.floor(positions[place][channel]));
      }),
    );
    const frozen = quantizersOf(model).map(({ quantizer }) => quantizer.binaryPoints);
    await trainABit(model);
    expect(quantizersOf(model).map(({ quantizer }) => quantizer.binaryPoints)).toEqual(frozen);
  });
});

describe('freezeStatistics', () => {
  it('ends the movement of the statistics, not of gamma and beta', async () => {
    const model = residualNetwork();
    await trainABit(model, [], 1);
    const moving = weightsOf(model, /moving/);
    await trainABit(model, [], 1);
    expect(weightsOf(model, /moving/)).not.toEqual(moving);
    freezeStatistics(model);
    const [statistics, gamma] = [weightsOf(model, /moving/), weightsOf(model, /gamma|beta/)];
    await trainABit(model, [], 1);
    expect(weightsOf(model, /moving/)).toEqual(statistics);
    expect(weightsOf(model, /gamma|beta/)).not.toEqual(gamma);
  });

  it('measures them again on given batches', () => {
    const model = residualNetwork();
    const batches = [byteImages(20, [6, 6, 2], 3), byteImages(12, [6, 6, 2], 4)];
    model.predict(batches[0]);
    freezeStatistics(model, batches);
    const stem = tf.model({ inputs: model.inputs, outputs: model.getLayer('stem').output });
    const { mean, variance } = tf.moments(stem.predict(tf.concat(batches)) as tf.Tensor, [0, 1, 2]);
    const [movingMean, movingVariance] = weightsOf(model, /moving/);
    mean.dataSync().forEach((value, channel) => expect(movingMean[channel]).toBeCloseTo(value, 5));
    variance.dataSync().forEach((value, channel) => expect(movingVariance[channel]).toBeCloseTo(value, 5));
  });
});

describe('borrowStatistics', () => {
  it('measures those that are not final, and puts them back', async () => {
    const model = residualNetwork();
    await trainABit(model);
    const moving = () => weightsOf(model, /moving/);
    const before = moving();
    const putBack = borrowStatistics(model, byteImages(32, [6, 6, 2], 7));
    const borrowed = moving();
    expect(borrowed).not.toEqual(before);
    putBack();
    expect(moving()).toEqual(before);
    freezeStatistics(model, [byteImages(32, [6, 6, 2], 7)]);
    expect(moving()).toEqual(borrowed);
    borrowStatistics(model, byteImages(32, [6, 6, 2], 8));
    expect(moving()).toEqual(borrowed);
  });
});

describe('freezeStatistics with a dropout', () => {
  it('measures what inference computes, and leaves the dropout on for training', () => {
    const network = (rate: number) => {
      const layers = createLayers({ seed: 1 });
      return tf.sequential({
        layers: [
          layers.input({ inputShape: [6, 6, 2], wordLength: 8, binaryPoint: 8 }),
          tf.layers.dropout({ rate, seed: 1 }),
          layers.conv2d({ filters: 4, kernelSize: 3 }),
          layers.batchNormalization(),
        ],
      });
    };
    const batch = byteImages(20, [6, 6, 2], 3);
    const [dropping, plain] = [network(0.5), network(0)];
    for (const model of [dropping, plain]) {
      model.predict(batch);
      freezeStatistics(model, [batch]);
    }
    expect(weightsOf(dropping, /moving/)).toEqual(weightsOf(plain, /moving/));
    const trained = (model: tf.LayersModel) => (model.apply(batch, { training: true }) as tf.Tensor).dataSync();
    expect(trained(dropping)).not.toEqual(trained(plain));
  });
});

describe('freezeSchedule', () => {
  it('freezes in model.fit at the epochs that it names', async () => {
    const model = residualNetwork();
    const seen: [number, boolean, number][] = [];
    const spy = new tf.CustomCallback({
      onEpochBegin: async (epoch) => {
        const frozen = weightsOf(model, /statistics_frozen/)[0][0];
        seen.push([epoch, quantizersOf(model).every(({ quantizer }) => quantizer.isFrozen), frozen]);
      },
    });
    const schedule = freezeSchedule({ binaryPointsAt: 2, statisticsAt: 1, batch: byteImages(32, [6, 6, 2], 8) });
    await trainABit(model, [schedule, spy], 4);
    expect(seen).toEqual([
      [0, false, 0],
      [1, false, 1],
      [2, true, 1],
      [3, true, 1],
    ]);
  });

  it('refuses a dropout without a seed before the first epoch', async () => {
    const layers = createLayers({ seed: 1 });
    const model = tf.sequential({
      layers: [
        layers.input({ inputShape: [4], wordLength: 8, binaryPoint: 8 }),
        tf.layers.dropout({ name: 'drop', rate: 0.5 }),
        layers.dense({ units: 3 }),
      ],
    });
    const schedule = freezeSchedule({ binaryPointsAt: 3, batch: byteImages(8, [4]) });
    await expect(trainABit(model, [schedule], 1)).rejects.toThrow(/layer "drop": a dropout without a seed/);
  });

  it('refuses an unknown key', () => {
    const batch = byteImages(1, [6, 6, 2]);
    expect(() => freezeSchedule({ binaryPointAt: 1, batch } as never)).toThrow(
      /unknown key "binaryPointAt", allowed: binaryPointsAt/,
    );
  });
});

describe('withoutQuantizers', () => {
  it('computes the same weights in floating point, in inference too', async () => {
    const model = residualNetwork();
    await trainABit(model, [], 2);
    const x = byteImages(8, [6, 6, 2], 12);
    const values = (name: string) => {
      const tap = tf.model({ inputs: model.inputs, outputs: model.getLayer(name).output });
      return withoutQuantizers(() => tap.predict(x) as tf.Tensor);
    };
    const weight = (name: string) =>
      model.weights.find(({ originalName }) => originalName === name)?.read() as tf.Tensor;
    const stem = tf.conv2d(x as tf.Tensor4D, weight('stem/kernel') as tf.Tensor4D, 1, 'same').add(weight('stem/bias'));
    const deviation = weight('norm/moving_variance').add(1e-3).sqrt();
    const normalized = stem.sub(weight('norm/moving_mean')).div(deviation);
    const norm = normalized.mul(weight('norm/gamma')).add(weight('norm/beta'));
    for (const [name, expected] of [
      ['stem', stem],
      ['norm', norm],
    ] as const) {
      expect(values(name).sub(expected).abs().max().dataSync()[0]).toBeLessThan(1e-5);
    }
  });
});
