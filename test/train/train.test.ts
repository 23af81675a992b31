import { mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { initializeBackend } from '../../src/autograd/backend.js';
import { createLayers } from '../../src/autograd/layers/index.js';
import { tf } from '../../src/autograd/tensorflow.js';
import { copyWeights, writeWeights } from '../../src/autograd/train/checkpoint.js';
import type { Checkpoint } from '../../src/autograd/train/checkpoint.js';
import { modelWeights } from '../../src/autograd/train/model-weights.js';
import { train } from '../../src/autograd/train/train.js';
import { startTestedBackend } from '../support/backend.js';
import { readMetrics } from './metrics.js';
import { bars } from './synthetic.js';

const data = bars({ train: 330, test: 100 });
/** 330 images are 10 batches of 32 and a rest. */
const stepsPerEpoch = 10;
const training = {
  epochs: 3,
  batchSize: 32,
  seed: 7,
  learningRate: { schedule: 'cosine', rate: 0.02, warmUpSteps: 2 },
  gradientClipping: { globalNorm: 5 },
  augmentation: { crop: 1 },
  freezing: { binaryPoints: 0.5, statistics: 0.7, images: 64 },
  logEvery: 4,
} as const;

function network({ filters = 3, norm = true, weightBits = 5 } = {}): tf.LayersModel {
  const layers = createLayers({ seed: 3, weights: { wordLength: weightBits }, activations: { wordLength: 5 } });
  return tf.sequential({
    layers: [
      layers.input({ inputShape: [8, 8, 1], wordLength: 8, binaryPoint: 8 }),
      layers.conv2d({ name: 'conv', filters, kernelSize: 3, strides: 2 }),
      ...(norm ? [layers.batchNormalization({ name: 'norm', momentum: 0.8 })] : []),
      layers.relu({ name: 'relu' }),
      layers.flatten({ name: 'flat' }),
      layers.dense({ name: 'classes', units: 3 }),
    ],
  });
}

const weightsOf = (model: tf.LayersModel) => modelWeights(model).map(({ key, read }) => [key, [...read()]]);

describe('train', () => {
  let folder: string;
  /** All lines but their times and numbers of threads. */
  const metrics = async (where = folder): Promise<Record<string, unknown>[]> =>
    (await readMetrics(where)).map((line) => ({ ...line, workers: 0, seconds: 0 }));

  beforeAll(startTestedBackend);
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'qfx-train-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('learns, keeps a diary and leaks no tensors', async () => {
    const model = network();
    const tensors: number[] = [];
    const phases = new Set<string>();
    const result = await train({
      model,
      data,
      ...training,
      folder,
      onProgress: ({ phase, step, steps, secondsLeft }) => {
        phases.add(phase);
        expect(steps).toBe(3 * stepsPerEpoch);
        if (step > 0) expect(secondsLeft).toBeGreaterThanOrEqual(0);
        tensors.push(tf.memory().numTensors);
      },
    });
    expect(result.test.accuracy).toBeGreaterThan(0.9);
    expect(result).toMatchObject({ steps: 30, epochs: 3, stoppedEarly: false, validation: undefined });
    expect(new Set(tensors).size).toBe(1);
    expect([...phases].sort()).toEqual(['evaluating', 'freezing', 'training']);
    const lines = await metrics();
    expect(lines.filter(({ kind }) => kind === 'steps').map(({ step }) => step)).toEqual([4, 8, 12, 16, 20, 24, 28]);
    expect(lines.filter(({ kind }) => kind === 'freeze').map(({ step, what }) => [step, what])).toEqual([
      [15, 'binaryPoints'],
      [21, 'statistics'],
    ]);
    const epochs = lines.filter(({ kind }) => kind === 'epoch');
    expect(epochs.map(({ epoch, evaluatedOn }) => [epoch, evaluatedOn])).toEqual(
      [1, 2, 3].map((epoch) => [epoch, 'test']),
    );
    expect(epochs[2].evaluatedAccuracy).toBe(result.test.accuracy);
    expect((await readdir(join(folder, 'checkpoints'))).sort()).toEqual(['best.safetensors', 'last.safetensors']);
  });

  it('repeats bit for bit, and another seed does not', async () => {
    const models = [network(), network(), network()];
    await train({ model: models[0], data, ...training, epochs: 1 });
    await train({ model: models[1], data, ...training, epochs: 1 });
    await train({ model: models[2], data, ...training, epochs: 1, seed: 8 });
    expect(weightsOf(models[1])).toEqual(weightsOf(models[0]));
    expect(weightsOf(models[2])).not.toEqual(weightsOf(models[0]));
  });

  // Within an epoch, at its end, before, at and after the freezes, and twice.
  it.each([[[3]], [[10]], [[14, 15]], [[20, 29]], [[30]]])(
    'resumes to the same bits after an interruption at steps %o',
    async (interruptions) => {
      const whole = network();
      const wholeFolder = join(folder, 'whole');
      const expected = await train({ model: whole, data, ...training, folder: wholeFolder });
      const parts = join(folder, 'parts');
      for (const interruption of interruptions) {
        const controller = new AbortController();
        const onProgress = ({ step }: { step: number }) =>
          step >= interruption && controller.abort(new Error('enough'));
        const session = train({
          model: network(),
          data,
          ...training,
          folder: parts,
          resume: true,
          signal: controller.signal,
          onProgress,
        });
        await expect(session).rejects.toThrow('enough');
      }
      const resumed = network();
      const steps: number[] = [];
      const onProgress = ({ step }: { step: number }) => steps.push(step);
      const result = await train({ model: resumed, data, ...training, folder: parts, resume: true, onProgress });
      expect(steps[0]).toBeGreaterThanOrEqual(interruptions.at(-1)!);
      expect({ ...result, seconds: 0 }).toEqual({ ...expected, seconds: 0 });
      expect(weightsOf(resumed)).toEqual(weightsOf(whole));
      expect(await metrics(parts)).toEqual(await metrics(wholeFolder));
      // A finished run has nothing left to do.
      const again = network();
      expect({
        ...(await train({ model: again, data, ...training, folder: parts, resume: true })),
        seconds: 0,
      }).toEqual({
        ...expected,
        seconds: 0,
      });
      expect(weightsOf(again)).toEqual(weightsOf(whole));
    },
  );

  it('gives the same weights with any number of workers', async () => {
    const runWith = async (workers: number) => {
      const model = network();
      await train({ model, data, ...training, shards: 3, folder: join(folder, String(workers)), workers });
      return { weights: weightsOf(model), metrics: await metrics(join(folder, String(workers))) };
    };
    const one = await runWith(1);
    for (const workers of [2, 3]) expect(await runWith(workers)).toEqual(one);
  });

  it('resumes to the same bits after a crash, from the last epoch', async () => {
    const [whole, resumed] = [network(), network()];
    await train({ model: whole, data, ...training, folder: join(folder, 'whole') });
    const parts = join(folder, 'parts');
    const onProgress = ({ step }: { step: number }) => {
      if (step === 17) throw new Error('power cut');
    };
    await expect(train({ model: network(), data, ...training, folder: parts, onProgress })).rejects.toThrow(
      'power cut',
    );
    await train({ model: resumed, data, ...training, folder: parts, resume: true });
    expect(weightsOf(resumed)).toEqual(weightsOf(whole));
    expect(await metrics(parts)).toEqual(await metrics(join(folder, 'whole')));
  });

  it('goes on without lines that somebody removed, and with no others than its own', async () => {
    const stopAt = (last: number) => {
      const onProgress = ({ step }: { step: number }) => {
        if (step === last) throw new Error('power cut');
      };
      return train({ model: network(), data, ...training, folder, resume: true, onProgress });
    };
    await expect(stopAt(17)).rejects.toThrow('power cut');
    const file = join(folder, 'metrics.jsonl');
    const written = await readFile(file, 'utf8');
    const checkpoint = await readFile(join(folder, 'checkpoints', 'last.safetensors'));
    for (const damaged of [written.slice(0, 200), written.replace('{', ''), '']) {
      await writeFile(file, damaged);
      await expect(stopAt(17)).rejects.toThrow(
        /metrics\.jsonl: does not hold the \d+ bytes of lines .*remove it to go on/,
      );
      expect(await readFile(file, 'utf8'), 'is left as it is').toBe(damaged);
    }
    expect(await readFile(join(folder, 'checkpoints', 'last.safetensors'))).toEqual(checkpoint);
    await rm(file);
    await expect(stopAt(27)).rejects.toThrow('power cut');
    await train({ model: network(), data, ...training, folder, resume: true });
    expect((await metrics()).filter(({ kind }) => kind === 'epoch').map(({ epoch }) => epoch)).toEqual([2, 3]);
  });

  it('validates on images set aside, keeps the best and stops early', async () => {
    const validating = {
      ...training,
      epochs: 30,
      validationImages: 50,
      keep: 'best',
      earlyStopping: { epochs: 3 },
    } as const;
    const model = network();
    const result = await train({ model, data, ...validating, folder });
    expect(result.stoppedEarly).toBe(true);
    expect(result.validation?.images).toBe(50);
    const epochs = (await metrics()).filter(({ kind }) => kind === 'epoch');
    expect(epochs.every(({ evaluatedOn }) => evaluatedOn === 'validation')).toBe(true);
    expect(epochs).toHaveLength(result.epochs);
    const accuracies = epochs.map(({ evaluatedAccuracy }) => evaluatedAccuracy as number);
    expect(accuracies.indexOf(Math.max(...accuracies))).toBe(result.epochs - 4);
  });

  describe('refuses', () => {
    const refused = (options: object, model = network()) =>
      train({ model, data, ...training, ...options } as Parameters<typeof train>[0]);

    it.each([
      [{ epochz: 3 }, /training: unknown key "epochz", allowed: epochs/],
      [{ epochs: 0 }, /training: epochs: found 0/],
      [{ optimizer: { name: 'lion' } }, /training: optimizer/],
      [{ optimizer: { name: 'adam', momentum: 0.9 } }, /training: optimizer.*momentum/],
      [{ gradientClipping: { value: 1, globalNorm: 1 } }, /either globalNorm or value/],
      [{ shards: 33 }, /shards: found 33, must be at most batchSize/],
      [{ workers: 1.5 }, /workers: found 1.5, allowed: whole numbers from 1 on/],
      [{ keep: 'best' }, /keep.*validationImages/],
      [{ batchSize: 331 }, /331 images a step, but there are 330/],
      [{ validationImages: 300 }, /32 images a step, but there are 30 training images beside the 300/],
    ])('%o', async (options, message) => {
      await expect(refused(options)).rejects.toThrow(message);
    });

    it('a network that does not fit the data', async () => {
      await expect(refused({ data: { ...data, classes: ['a', 'b', 'c', 'd'] } })).rejects.toThrow(
        /returns \[3\].*\[4\]/,
      );
      const shape = [4, 16, 1] as const;
      await expect(refused({ data: { ...data, shape } })).rejects.toThrow(/takes \[8, 8, 1\].*\[4, 16, 1\]/);
    });

    it('a network that cannot compute exactly, after the first step', async () => {
      const layers = createLayers({ seed: 3, weights: { wordLength: 16 }, accumulators: 'exact' });
      const model = tf.sequential({
        layers: [
          layers.input({ inputShape: [8, 8, 1], wordLength: 8, binaryPoint: 8 }),
          layers.flatten(),
          layers.dense({ name: 'wide', units: 3 }),
        ],
      });
      const steps: number[] = [];
      const onProgress = ({ step }: { step: number }) => steps.push(step);
      await expect(refused({ onProgress }, model)).rejects.toThrow(/layer "wide"/);
      expect(steps).toEqual([1]);
    });

    it('a loss that is not a number', async () => {
      const model = network();
      modelWeights(model)
        .find(({ key }) => key.endsWith('bias'))!
        .write(new Float32Array(3).fill(NaN));
      await expect(refused({}, model)).rejects.toThrow(/NaN/);
    });

    it('weights of other shapes, and of another number', () => {
      const checkpoint = { weights: copyWeights(network()) } as Checkpoint;
      expect(() => writeWeights(network({ filters: 4 }), checkpoint, 'file')).toThrow(
        /are \[3, 3, 1, 3\], the network's are \[3, 3, 1, 4\]/,
      );
      expect(() => writeWeights(network({ norm: false }), checkpoint, 'file')).toThrow(/file: has weights /);
    });

    it('a dropout without a seed', async () => {
      const layers = createLayers({ seed: 3 });
      const model = (seed?: number) =>
        tf.sequential({
          layers: [
            layers.input({ inputShape: [8, 8, 1], wordLength: 8, binaryPoint: 8 }),
            layers.flatten(),
            tf.layers.dropout({ name: 'drop', rate: 0.2, seed }),
            layers.dense({ units: 3 }),
          ],
        });
      const steps: number[] = [];
      const onProgress = ({ step }: { step: number }) => steps.push(step);
      await expect(refused({ onProgress }, model())).rejects.toThrow(/layer "drop": a dropout without a seed/);
      expect(steps).toEqual([]);
      await refused({ epochs: 1 }, model(0));
    });

    it('checkpoints of another backend', async () => {
      await refused({ folder, epochs: 1 });
      await initializeBackend('cpu');
      try {
        await expect(refused({ folder, epochs: 1, resume: true })).rejects.toThrow(
          /last\.safetensors: belongs to a run on backend (wasm|node with \d+ threads?), now it is backend cpu\. Go back/,
        );
      } finally {
        await startTestedBackend();
      }
    });

    it('checkpoints of another run, and damaged ones', async () => {
      await refused({ folder, epochs: 1 });
      await expect(refused({ folder, epochs: 2, resume: true })).rejects.toThrow(
        /run with epochs 1, now it is 2\. .*--overwrite/,
      );
      const other = { ...data, checksum: 'other' };
      await expect(refused({ folder, epochs: 1, resume: true, data: other })).rejects.toThrow(/SHA-256 bars .* other/);
      await expect(refused({ folder, epochs: 1, resume: true }, network({ filters: 4 }))).rejects.toThrow(
        /last\.safetensors: belongs to another network: layer 1 \(QfxConv2d\): config: filters was 3, now it is 4/,
      );
      await expect(refused({ folder, epochs: 1, resume: true }, network({ weightBits: 4 }))).rejects.toThrow(
        /layer 1 \(QfxConv2d\): config: weights: wordLength was 5, now it is 4/,
      );
      await expect(refused({ folder, epochs: 1, resume: true }, network({ norm: false }))).rejects.toThrow(
        /layer 2 \(QfxBatchNormalization\): type was "QfxBatchNormalization", now it is "QfxRelu"/,
      );
      const path = join(folder, 'checkpoints', 'last.safetensors');
      const { length } = await readFile(path);
      await truncate(path, length - 1);
      await expect(refused({ folder, epochs: 1, resume: true })).rejects.toThrow(/last\.safetensors/);
      await writeFile(path, '');
      await expect(refused({ folder, epochs: 1, resume: true })).rejects.toThrow(/last\.safetensors/);
    });
  });
});
