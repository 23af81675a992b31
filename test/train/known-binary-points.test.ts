import { readdir } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { createLayers, quantizersOf, tf } from '../../src/autograd/index.js';
import type { Quantizer } from '../../src/autograd/quantizer.js';
import { firstImages } from '../../src/autograd/train/first-images.js';
import type { MetricsLine } from '../../src/autograd/train/metrics.js';
import { openToStart } from '../../src/autograd/train/settle.js';
import { train } from '../../src/autograd/train/train.js';
import { temporaryFolder } from '../hls-codegen/support/project.js';
import { startTestedBackend } from '../support/backend.js';
import { readMetrics } from './metrics.js';
import { weightsOf } from './sharded-network.js';
import { bars } from './synthetic.js';

const data = bars({ train: 320, test: 100 });
const options = {
  data,
  epochs: 1,
  batchSize: 32,
  seed: 7,
  learningRate: { schedule: 'cosine', rate: 0.02 },
  freezing: { binaryPoints: 0.5, statistics: 0.7, images: 64 },
} as const;

/** @param coarser how many bits below the searched ones its binary points are; undefined where they are not known */
function network(coarser?: number): tf.LayersModel {
  const q = createLayers({ seed: 3, weights: { wordLength: 5 }, activations: { wordLength: 5 } });
  const model = tf.sequential({
    layers: [
      q.input({ inputShape: [8, 8, 1], wordLength: 8, binaryPoint: 8 }),
      q.conv2d({ name: 'conv', filters: 3, kernelSize: 3, strides: 2 }),
      q.batchNormalization({ name: 'norm', momentum: 0.8, scale: { wordLength: { initial: 6 } } }),
      q.relu({ name: 'relu' }),
      q.flatten({ name: 'flat' }),
      q.dense({ name: 'classes', units: 3 }),
    ],
  });
  if (coarser === undefined) return model;
  tf.tidy(() => void model.apply(firstImages(data.train, data.shape, 64), { training: true }));
  for (const { quantizer } of quantizersOf(model)) {
    if (quantizer.isLearned) quantizer.positions = quantizer.positions.map((position) => position - coarser);
  }
  return model;
}

const pointsOf = (model: tf.LayersModel) =>
  quantizersOf(model).map(({ layer, quantizer }) => [layer, quantizer.name, ...quantizer.initialBinaryPoints]);

/** What one run with these binary points started from. */
async function startOf(model: tf.LayersModel, freezing: object = {}) {
  const folder = await temporaryFolder();
  await train({ model, ...options, freezing: { ...options.freezing, ...freezing }, folder });
  const lines = await readMetrics(folder);
  return { points: pointsOf(model), lines: lines.filter(({ kind }) => kind === 'start') };
}

describe('binary points that are known before a run', () => {
  beforeAll(startTestedBackend);

  it('give way to searched ones where the loss is smaller there, but for those of learned word lengths', async () => {
    const poor = network(4);
    const given = pointsOf(poor);
    const { points, lines } = await startOf(poor);
    expect(lines).toHaveLength(1);
    const [{ losses }] = lines as [Extract<MetricsLine, { kind: 'start' }>];
    expect(losses.settled).toBeLessThan(losses.known!);
    expect(losses.settled).toBeLessThanOrEqual(losses.search!);
    const learned = ([layer, name]: readonly (string | number)[]) => layer === 'norm' && name === 'scale';
    expect(points.filter(learned)).toEqual(given.filter(learned));
    const moved = points.filter(([, , point], index) => Number(point) > Number(given[index][2]));
    expect(moved.length).toBeGreaterThan(4);
  });

  it('are open but for frozen ones, and those of learned word lengths', () => {
    const model = network(4);
    const named = (quantizers: readonly Quantizer[]) =>
      quantizersOf(model)
        .filter(({ quantizer }) => quantizers.includes(quantizer))
        .map(({ layer, quantizer }) => `${layer} ${quantizer.name}`);
    const all = named(openToStart(model));
    expect(all).toContain('conv weights');
    expect(all).toContain('classes output');
    expect(all).not.toContain('norm scale');
    quantizersOf(model)
      .find(({ layer }) => layer === 'classes')!
      .quantizer.freezeAt([3]);
    expect(named(openToStart(model))).toEqual(all.filter((name) => name !== 'classes weights'));
    const fresh = network();
    expect(openToStart(fresh)).toHaveLength(quantizersOf(fresh).filter(({ quantizer }) => quantizer.isLearned).length);
  });

  it.each(['neighbours', 'search'])('stay where freezing is by %s', async (by) => {
    const poor = network(4);
    const given = pointsOf(poor);
    expect(await startOf(poor, { by })).toEqual({ points: given, lines: [] });
  });

  it.each(['neighbours', 'search', 'loss'])(
    'are not compared where the freeze by %s decides from the start',
    async (by) => {
      const poor = network(4);
      const given = pointsOf(poor);
      expect(await startOf(poor, { binaryPoints: 0, by })).toEqual({ points: given, lines: [] });
      const frozen = quantizersOf(poor).map(({ layer, quantizer }) => [
        layer,
        quantizer.name,
        ...quantizer.binaryPoints,
      ]);
      if (by === 'neighbours') expect(frozen).toEqual(given);
      else expect(frozen).not.toEqual(given);
    },
  );

  it('do not leave others behind them where poor ones have put them', async () => {
    const plain = () => {
      const q = createLayers({ seed: 3, weights: { wordLength: 5 }, activations: { wordLength: 5 } });
      return tf.sequential({
        layers: [
          q.input({ inputShape: [8, 8, 1], wordLength: 8, binaryPoint: 8 }),
          q.flatten({ name: 'flat' }),
          q.dense({ name: 'hidden', units: 8 }),
          q.relu({ name: 'relu' }),
          q.dense({ name: 'classes', units: 3 }),
        ],
      });
    };
    const trained = plain();
    await train({ model: trained, ...options, epochs: 2 });
    /** The trained weights; all binary points but perhaps one are unknown. */
    const partlyKnown = (known?: number) => {
      const model = plain();
      model.setWeights(trained.getWeights());
      for (const { layer, role, quantizer } of quantizersOf(model)) {
        if (!quantizer.isLearned) continue;
        quantizer.forgetBinaryPoints();
        if (known !== undefined && layer === 'hidden' && role === 'output') quantizer.positions = [known];
      }
      return model;
    };
    const [fresh, poor] = [partlyKnown(), partlyKnown(15)];
    await startOf(fresh);
    await startOf(poor);
    const [expected, found] = [pointsOf(fresh), pointsOf(poor)];
    for (const [index, [layer, name, point]] of found.entries())
      expect(Math.abs(Number(point) - Number(expected[index][2])), `${layer} ${name}`).toBeLessThanOrEqual(1);
  });

  it.each(['placing', 'freezing'])('are the same after an interruption while %s', async (phase) => {
    /** Some binary points are known, some are not. */
    const partlyKnown = () => {
      const model = network(4);
      for (const { layer, quantizer } of quantizersOf(model)) {
        if (layer === 'classes') quantizer.forgetBinaryPoints();
      }
      return model;
    };
    const whole = partlyKnown();
    await train({ model: whole, ...options });
    const controller = new AbortController();
    const folder = await temporaryFolder();
    const onProgress = (progress: { phase: string }) => {
      if (progress.phase === phase) controller.abort(new Error('enough'));
    };
    const session = train({ model: partlyKnown(), ...options, folder, signal: controller.signal, onProgress });
    await expect(session).rejects.toThrow('enough');
    // It is not done to its end. Without a line there is no file.
    if (phase === 'placing') expect(await readdir(folder)).not.toContain('metrics.jsonl');
    else expect((await readMetrics(folder)).map(({ kind }) => kind)).toEqual(['start']);
    const resumed = partlyKnown();
    await train({ model: resumed, ...options, folder, resume: true });
    expect(weightsOf(resumed)).toEqual(weightsOf(whole));
  });

  it('start alike after an interruption in the first step, and in a network of the same run that was given others', async () => {
    const whole = network(4);
    await train({ model: whole, ...options });
    const controller = new AbortController();
    const folder = await temporaryFolder();
    const onProgress = ({ step }: { step: number }) => step >= 1 && controller.abort(new Error('enough'));
    await expect(
      train({ model: network(4), ...options, folder, signal: controller.signal, onProgress }),
    ).rejects.toThrow('enough');
    const resumed = network(2);
    await train({ model: resumed, ...options, folder, resume: true });
    expect(weightsOf(resumed)).toEqual(weightsOf(whole));
    expect((await readMetrics(folder)).filter(({ kind }) => kind === 'start')).toHaveLength(1);
  });
});
