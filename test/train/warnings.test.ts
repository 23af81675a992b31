import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createLayers, quantizersOf } from '../../src/autograd/index.js';
import type { QuantizerConfig, TrainingWarning } from '../../src/autograd/index.js';
import { Quantizer } from '../../src/autograd/quantizer.js';
import { reportQuantizer } from '../../src/autograd/quantizer-statistics.js';
import { tf } from '../../src/autograd/tensorflow.js';
import { FlipCounter } from '../../src/autograd/train/flips.js';
import { firstImages } from '../../src/autograd/train/first-images.js';
import { modelWeights } from '../../src/autograd/train/model-weights.js';
import { reportQuantizers } from '../../src/autograd/train/quantizer-reports.js';
import { findWarnings, watchQuantizer } from '../../src/autograd/train/warnings.js';
import { train } from '../../src/autograd/train/train.js';
import { startTestedBackend } from '../support/backend.js';
import { bars } from './synthetic.js';
import { readMetrics } from './metrics.js';

beforeAll(startTestedBackend);

/** Binary points are given, so that what saturates and what is dead is known. */
function network({ kernel = 6, output = 0, bias = {} as Partial<QuantizerConfig> } = {}): tf.LayersModel {
  const layers = createLayers({
    seed: 3,
    bias: { wordLength: 6, ...bias },
    weights: { wordLength: 5 },
    activations: { wordLength: 8 },
  });
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
      const written = (await readMetrics(folder)).filter(({ kind }) => kind === 'warning');
      expect(written).toMatchObject(warnings.map((warning) => ({ kind: 'warning', ...warning })));
      expect(written[0]).toMatchObject({ step: 10, epoch: 1 });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  const warningsOf = async (options: Parameters<typeof network>[0], rest: object = {}) => {
    const warnings: TrainingWarning[] = [];
    const onWarning = (warning: TrainingWarning) => void warnings.push(warning);
    await train({ model: network(options), data, ...training, ...rest, onWarning });
    return warnings.map(({ layer, role, problem }) => `${layer} ${role} ${problem}`);
  };

  it('say nothing of types that fit', async () => {
    expect(await warningsOf({ kernel: 4, output: 5 })).toEqual([]);
  });

  it('say nothing of a bias that starts at 0 and is still small, unless its binary point was given', async () => {
    const slow = { learningRate: { schedule: 'constant', rate: 1e-4 } };
    expect(await warningsOf({ kernel: 4, output: 5 }, { ...slow, freezing: { binaryPoints: 1 } })).toEqual([]);
    expect(await warningsOf({ kernel: 4, output: 5, bias: { binaryPoint: 2 } }, slow)).toEqual(['classes bias dead']);
  });
});

describe('findWarnings', () => {
  const fine = {
    ...{ values: 100, saturated: 11, underflows: 0, zeros: 0, isConstant: false, signalToNoise: null },
    lacksRange: false,
  };
  const bias = { wordLength: { initial: 6, maximum: 8 } };
  const find = (report: Partial<typeof fine>, turns: number, freeze = false, bits = 6) => {
    const placed = quantizersOf(network({ bias })).filter(({ layer, role }) => layer === 'classes' && role === 'bias');
    const [{ quantizer }] = placed;
    quantizer.positions = [3];
    if (freeze) quantizer.freezeAt([3], [bits]);
    return findWarnings(placed, new Map([[quantizer, { ...fine, ...report }]]), new Map([[quantizer, turns]]), 80).map(
      ({ warning: { problem, measured } }) => [problem, measured],
    );
  };

  it('begins above an eighth of the steps, while a binary point moves', () => {
    expect(find({}, 10)).toEqual([]);
    expect(find({}, 11)).toEqual([['oscillates', 11]]);
    expect(find({}, 11, true)).toEqual([]);
  });

  it('names what lacks range, and a parameter that is 0 for good', () => {
    expect(find({ lacksRange: true }, 0)).toEqual([['saturates', 0.11]]);
    const small = { underflows: 100, zeros: 100 };
    expect(find(small, 0)).toEqual([]);
    expect(find(small, 0, true)).toEqual([['dead', 1]]);
    expect(find(small, 0, true, 0), 'a budget took all bits').toEqual([]);
    expect(find({ underflows: 99, zeros: 99 }, 0, true)).toEqual([]);
    expect(find({ underflows: 0, zeros: 100 }, 0, true)).toEqual([]);
  });
});

describe('watchQuantizer', () => {
  const values = [...Array.from({ length: 20 }, (_, index) => (index - 10) / 10), -3.1, 3, 2.9];
  const look = (config: QuantizerConfig, numbers: number[] = values) => {
    const x = tf.tensor1d(numbers);
    const watched = watchQuantizer(new Quantizer(config, 'q'), x);
    x.dispose();
    return watched;
  };

  it('asks for range where a smaller binary point halves the error, however far away', () => {
    for (const binaryPoint of [5, 6, 8])
      expect(look({ wordLength: 6, binaryPoint }), String(binaryPoint)).toMatchObject({ lacksRange: true });
    expect(look({ wordLength: 6, binaryPoint: 3 })).toMatchObject({ saturated: 0, lacksRange: false });
  });

  it('does not where saturating is the best that a word can do, or few values do', () => {
    const spread = Array.from({ length: 101 }, (_, index) => (index - 50) / 50);
    const short = look({ wordLength: 2, binaryPoint: 1 }, spread);
    expect(short.saturated / short.values).toBeGreaterThan(0.1);
    expect(short.lacksRange).toBe(false);
    const outliers = [...Array.from({ length: 97 }, () => 1 / 64), 50, 60, 70];
    expect(look({ wordLength: 6, binaryPoint: 6 }, outliers)).toMatchObject({ saturated: 3, lacksRange: false });
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
    const reports = reportQuantizers(model, x, reportQuantizer);
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
