import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  createLayers,
  defineRun,
  diagnoseQuantizers,
  quantizersOf,
  withOnlyQuantizers,
  withoutQuantizers,
} from '../../src/autograd/index.js';
import { runDescription } from '../../src/autograd/index.js';
import { Quantizer } from '../../src/autograd/quantizer.js';
import type { QuantizerConfig } from '../../src/autograd/quantizer.js';
import { reportQuantizer } from '../../src/autograd/quantizer-statistics.js';
import { tf } from '../../src/autograd/tensorflow.js';
import { startTestedBackend } from '../support/backend.js';
import { bars } from '../train/synthetic.js';

beforeAll(startTestedBackend);

function report(config: QuantizerConfig, values: readonly number[]) {
  const x = tf.tensor1d([...values]);
  const found = reportQuantizer(new Quantizer(config, 'q'), x);
  x.dispose();
  return found;
}

const sequence = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('reportQuantizer', () => {
  it('counts by hand what a word that is one bit too narrow saturates', () => {
    expect(report({ wordLength: 4, binaryPoint: 0, signed: true }, sequence(-16, 15))).toEqual({
      ...{ values: 32, saturated: 16, underflows: 0, zeros: 1, isConstant: false },
      signalToNoise: 10 * Math.log10((1496 + 1240) / 408),
    });
  });

  it('counts what becomes 0, once rounded, and what is beyond the range, once rounded', () => {
    const config = { wordLength: 3, binaryPoint: 0, signed: true, rounding: 'AP_RND' } as const;
    expect(report(config, [0.25, -0.5, 0.5, 0, 3.25, 3.5, -4.5, -4.75])).toMatchObject({
      ...{ underflows: 2, zeros: 3, saturated: 2 },
    });
  });

  it('knows where K-hot numbers end', () => {
    // Magnitudes below 8 with one power of two: up to 4; 8 would be the next, and the nearest from 6 on.
    const kHot = { terms: 1, digits: 'plain', projection: 'nearest' } as const;
    expect(report({ wordLength: 4, binaryPoint: 0, signed: true, kHot }, [4, 5.75, 6, -6, -5])).toMatchObject({
      saturated: 2,
    });
  });

  it('sees a constant', () => {
    const config = { wordLength: 4, binaryPoint: 0, signed: true } as const;
    expect(report(config, [0.125, -0.25])).toMatchObject({ isConstant: true, zeros: 2, underflows: 2 });
    expect(report(config, [1, 1.25])).toMatchObject({
      isConstant: true,
      zeros: 0,
      signalToNoise: expect.any(Number) as number,
    });
    expect(report(config, [1, 2])).toMatchObject({ isConstant: false, signalToNoise: null });
  });
});

describe('withOnlyQuantizers', () => {
  const q = () => new Quantizer({ wordLength: 2, binaryPoint: 0, signed: true }, 'q');
  const cast = (quantizer: Quantizer) =>
    tf.tidy(() => quantizer.apply(tf.scalar(0.75), { training: false }).dataSync()[0]);

  it('leaves the others off, nested ones together, and ends', () => {
    const [one, other] = [q(), q()];
    const both = () => [cast(one), cast(other)];
    expect(withOnlyQuantizers(new Set([one]), both)).toEqual([1, 0.75]);
    expect(withOnlyQuantizers(new Set([one, other]), () => withOnlyQuantizers(new Set([other]), both))).toEqual([
      0.75, 1,
    ]);
    expect(withOnlyQuantizers(new Set([one]), () => withoutQuantizers(both))).toEqual([0.75, 0.75]);
    expect(both()).toEqual([1, 1]);
  });

  it('ends with its own promise, whichever of two settles first', async () => {
    const [one, other] = [q(), q()];
    const ends: (() => void)[] = [];
    const wait = () => new Promise<void>((resolve) => ends.push(resolve));
    const [first, second] = [withOnlyQuantizers(new Set([one]), wait), withOnlyQuantizers(new Set([other]), wait)];
    expect([cast(one), cast(other)]).toEqual([0.75, 0.75]);
    ends[0]();
    await first;
    expect([cast(one), cast(other)]).toEqual([0.75, 1]);
    ends[1]();
    await second;
    expect([cast(one), cast(other)]).toEqual([1, 1]);
  });

  it('adds in a network what the one quantizer does, exactly', () => {
    const layers = createLayers({ seed: 1 });
    const given = { wordLength: 3, binaryPoint: 1, signed: true } as const;
    const model = tf.sequential({
      layers: [
        layers.input({ inputShape: [2], wordLength: 4, binaryPoint: 2 }),
        layers.dense({ name: 'd', units: 1, useBias: false, weights: given, output: given }),
      ],
    });
    const d = model.getLayer('d');
    d.setWeights([tf.tensor2d([0.3, 0.9], [2, 1])]);
    const [weights, output] = ['weights', 'output'].map((role) => {
      return quantizersOf(model).find((placed) => placed.role === role)!.quantizer;
    });
    const run = (kept: Quantizer[]) =>
      withOnlyQuantizers(new Set(kept), () =>
        tf.tidy(() => (model.predict(tf.tensor2d([1, 0.25], [1, 2])) as tf.Tensor).dataSync()[0]),
      );
    // In halves the weights become 0.5 and 1.
    expect(run([])).toBeCloseTo(0.525, 6);
    expect(run([weights])).toBe(0.75);
    expect(run([output])).toBe(0.5);
    expect(run([weights, output])).toBe(1);
  });
});

describe('diagnoseQuantizers', () => {
  it('measures every quantizer of a checkpoint on its own', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'qfx-diagnose-'));
    const run = (units: number) =>
      defineRun({
        name: 'bars',
        data: () => bars({ train: 300, test: 100 }),
        model: ({ tf: library, layers: make, shape, classes }) => {
          const q = make({ weights: { wordLength: 4 }, activations: { wordLength: 4 } });
          return library.sequential({
            layers: [
              q.input({ inputShape: [...shape], wordLength: 8, binaryPoint: 8 }),
              q.flatten(),
              q.dense({ name: 'hidden', units }),
              q.batchNormalization({ name: 'norm' }),
              q.relu({ name: 'relu' }),
              q.dense({ name: 'classes', units: classes }),
            ],
          });
        },
        training: { epochs: 2, batchSize: 30, learningRate: { schedule: 'constant', rate: 0.01 } },
      });
    try {
      const trained = await runDescription(run(6), { out: folder, workers: 1 });
      const checkpoint = join(trained.folder, 'checkpoints', 'last.safetensors');
      const steps: string[] = [];
      const found = await diagnoseQuantizers(run(6), {
        ...{ checkpoint, images: 100 },
        onProgress: (done, total) => steps.push(`${done}/${total}`),
      });
      expect(found).toMatchObject({ dataSet: 'bars', images: 100, watchedImages: 100 });
      expect(found.accuracy).toBe(trained.accuracy.trained);
      expect(found.accuracyWithoutQuantizers).toBe(trained.accuracy.float);
      const names = found.quantizers.map(({ layer, role }) => `${layer} ${role}`).sort();
      expect(names).toEqual(
        quantizersOf(trained.model)
          .map(({ layer, role }) => `${layer} ${role}`)
          .sort(),
      );
      expect(steps.at(-1)).toBe(`${names.length + 2}/${names.length + 2}`);
      const lost = found.quantizers.map(({ accuracyLost }) => accuracyLost);
      expect(lost).toEqual([...lost].sort((a, b) => b - a));
      for (const { accuracy, accuracyLost } of found.quantizers)
        expect(accuracyLost).toBe(found.accuracyWithoutQuantizers - accuracy);
      await expect(diagnoseQuantizers(run(7), { checkpoint, images: 10 })).rejects.toThrow(
        /belongs to another network/,
      );
      await expect(diagnoseQuantizers(run(6), { checkpoint: 'none', images: 10 })).rejects.toThrow(
        /none: no such file/,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
