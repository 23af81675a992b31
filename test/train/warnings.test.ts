import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createLayers, quantizersOf } from '../../src/autograd/index.js';
import type { TrainingWarning } from '../../src/autograd/index.js';
import { tf } from '../../src/autograd/tensorflow.js';
import { FlipCounter } from '../../src/autograd/train/flips.js';
import { firstImages } from '../../src/autograd/train/first-images.js';
import { modelWeights } from '../../src/autograd/train/model-weights.js';
import { reportQuantizers } from '../../src/autograd/train/quantizer-reports.js';
import { findWarnings } from '../../src/autograd/train/warnings.js';
import { train } from '../../src/autograd/train/train.js';
import { startTestedBackend } from '../support/backend.js';
import { bars } from './synthetic.js';

beforeAll(startTestedBackend);

/** Binary points are given, so that what saturates and what is dead is known. */
function network({ kernel = 6, output = 0 } = {}): tf.LayersModel {
  const layers = createLayers({ seed: 3, weights: { wordLength: 5 }, activations: { wordLength: 8 } });
  return tf.sequential({
    layers: [
      layers.input({ inputShape: [8, 8, 1], wordLength: 8, binaryPoint: 8 }),
      layers.flatten({ name: 'flat' }),
      layers.dense({
        ...{ name: 'hidden', units: 4, useBias: false },
        weights: { wordLength: 5, binaryPoint: kernel },
        output: { wordLength: 8, binaryPoint: output },
      }),
      layers.dense({ name: 'classes', units: 3 }),
    ],
  });
}

const data = bars({ train: 320, test: 80 });
const training = { epochs: 2, batchSize: 32, seed: 7 } as const;

describe('warnings', () => {
  it('name a kernel that saturates and an output that is dead, once, in the diary, too', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'qfx-warnings-'));
    const warnings: TrainingWarning[] = [];
    try {
      // Weights of 5 bits at binary point 10 reach 1/64; outputs of 8 bits at -20 begin at 2^19.
      const model = network({ kernel: 10, output: -20 });
      await train({ model, data, ...training, folder, onWarning: (warning) => warnings.push(warning) });
      expect(warnings.filter(({ layer }) => layer === 'hidden')).toMatchObject([
        { layer: 'hidden', role: 'weights', problem: 'saturates' },
        { layer: 'hidden', role: 'output', problem: 'dead', measured: 1 },
      ]);
      const [saturated] = warnings;
      expect(saturated.measured).toBeGreaterThan(0.5);
      const lines = (await readFile(join(folder, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n');
      const written = lines
        .map((line) => JSON.parse(line) as { kind: string })
        .filter(({ kind }) => kind === 'warning');
      expect(written).toMatchObject(warnings.map((warning) => ({ kind: 'warning', ...warning })));
      expect(written[0]).toMatchObject({ step: 10, epoch: 1 });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('say nothing of types that fit', async () => {
    const warnings: TrainingWarning[] = [];
    await train({
      ...{ model: network({ kernel: 4, output: 5 }), data, ...training },
      onWarning: (warning) => warnings.push(warning),
    });
    expect(warnings.filter(({ layer, problem }) => layer === 'hidden' && problem !== 'oscillates')).toEqual([]);
  });
});

describe('findWarnings', () => {
  it('begins above a tenth of the values, and above eight turns', () => {
    const placed = quantizersOf(network()).slice(0, 1);
    const [{ quantizer }] = placed;
    const report = { values: 100, saturated: 10, underflows: 0, zeros: 0, isConstant: false, signalToNoise: null };
    const find = (saturated: number, turns: number) =>
      findWarnings(placed, new Map([[quantizer, { ...report, saturated }]]), new Map([[quantizer, turns]]));
    expect(find(10, 8)).toEqual([]);
    expect(find(11, 9).map(({ warning: { problem, measured } }) => [problem, measured])).toEqual([
      ['saturates', 0.11],
      ['oscillates', 9],
    ]);
  });
});

describe('reportQuantizers', () => {
  it('sees every quantizer and changes no bit of the model', async () => {
    const model = network({ output: 3 });
    await train({ model, data, ...training, epochs: 1, freezing: { binaryPoints: 1, statistics: 1 } });
    const weights = () => modelWeights(model).map(({ key, read }) => [key, [...read()]]);
    const before = weights();
    const tensors = tf.memory().numTensors;
    const x = firstImages(data.test, data.shape, 20);
    const reports = reportQuantizers(model, x);
    x.dispose();
    expect(weights()).toEqual(before);
    expect(tf.memory().numTensors).toBe(tensors);
    expect(new Set(reports.keys())).toEqual(new Set(quantizersOf(model).map(({ quantizer }) => quantizer)));
    expect(reports.get(quantizersOf(model)[1].quantizer)?.values).toBe(20 * 4);
  });
});

describe('FlipCounter', () => {
  const layers = () => createLayers({ weights: { wordLength: 5 }, activations: { wordLength: 5 } });
  function learned() {
    const q = layers();
    const model = tf.sequential({
      layers: [
        q.input({ inputShape: [2], wordLength: 8, binaryPoint: 8 }),
        q.dense({ name: 'd', units: 2, useBias: false }),
      ],
    });
    const { quantizer } = quantizersOf(model).find(({ role }) => role === 'weights')!;
    return { model, quantizer };
  }

  it('counts the moves of a binary point against the one before', () => {
    const { model, quantizer } = learned();
    const counter = new FlipCounter(model);
    const goThrough = (positions: readonly number[]) => {
      for (const position of positions) {
        quantizer.positions = [position];
        counter.look();
      }
      return counter.turns().get(quantizer);
    };
    counter.look(); // nothing is known yet
    expect(goThrough([3, 3.4, 4, 5, 6])).toBe(0);
    // Up to 6, then down, down, up, down: three turns; within one integer nothing moves.
    expect(goThrough([5, 4, 5, 4.6, 4])).toBe(3);
    counter.restart();
    expect(counter.turns().get(quantizer)).toBe(0);
    expect(goThrough([5])).toBe(1);
  });

  it('goes on where another session ended', () => {
    const { model, quantizer } = learned();
    const first = new FlipCounter(model);
    for (const position of [1, 2, 1]) {
      quantizer.positions = [position];
      first.look();
    }
    const second = new FlipCounter(model, first.state());
    second.look();
    quantizer.positions = [2];
    second.look();
    expect(second.turns().get(quantizer)).toBe(2);
  });
});
