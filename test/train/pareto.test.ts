import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLayers, runDescription } from '../../src/autograd/index.js';
import type { RunDescription } from '../../src/autograd/index.js';
import type { tf } from '../../src/autograd/tensorflow.js';
import { tf as library } from '../../src/autograd/tensorflow.js';
import { BitOperations } from '../../src/autograd/train/bit-operations.js';
import { readCheckpoint } from '../../src/autograd/train/checkpoint.js';
import { evaluate } from '../../src/autograd/train/evaluate.js';
import { dominates, joinFront } from '../../src/autograd/train/pareto-front.js';
import type { Valued } from '../../src/autograd/train/pareto-front.js';
import { train } from '../../src/autograd/train/train.js';
import { takeImages } from '../../src/data/data-set.js';
import { loadGraph } from '../../src/qfx/index.js';
import { startTestedBackend } from '../support/backend.js';
import { readMetrics } from './metrics.js';
import { data, weightsOf } from './sharded-network.js';

beforeAll(startTestedBackend);

const learned = { initial: 6, maximum: 8 };
/** 230 images to train on, 7 steps an epoch; word lengths learn for five of eight epochs. */
const training = {
  epochs: 8,
  batchSize: 32,
  seed: 8,
  learningRate: { schedule: 'cosine', rate: 0.02, warmUpSteps: 2 },
  freezing: { binaryPoints: 0.7, statistics: 0.8, images: 64 },
  resources: { bitOperations: 1_000 },
  validationImages: 100,
  pareto: {},
} as const;
const validation = takeImages(data.train, 230, 330);

function network(): tf.LayersModel {
  const q = createLayers({
    seed: 3,
    weights: { wordLength: learned, granularity: 'channel' },
    scale: { wordLength: learned, granularity: 'channel' },
    activations: { wordLength: learned },
    accumulators: { wordLength: 12 },
  });
  return library.sequential({
    layers: [
      q.input({ name: 'image', inputShape: [8, 8, 1], wordLength: 8, binaryPoint: 8 }),
      q.conv2d({ name: 'conv', filters: 3, kernelSize: 3, strides: 2 }),
      q.batchNormalization({ name: 'norm', momentum: 0.8 }),
      q.relu({ name: 'relu' }),
      q.flatten({ name: 'flat' }),
      q.dense({ name: 'classes', units: 3 }),
    ],
  });
}

interface Epoch extends Valued {
  readonly epoch: number;
}

/** What the metrics of a run say of its epochs. */
async function epochsOf(folder: string): Promise<Epoch[]> {
  return (await readMetrics(folder)).flatMap((line) => {
    if (line.kind !== 'epoch') return [];
    const { epoch, bitOperations, evaluatedAccuracy: accuracy } = line;
    return [{ epoch, bitOperations, accuracy } as Epoch];
  });
}

/** By definition: those that no other one dominates, the first of those that are alike, the cheapest first. */
function frontOf<Network extends Valued>(networks: readonly Network[]): Network[] {
  return networks
    .filter((own) => !networks.some((other) => dominates(other, own)))
    .filter((own, index, all) => index === all.findIndex((other) => other.bitOperations === own.bitOperations))
    .sort((one, other) => one.bitOperations - other.bitOperations);
}

describe('the front of a run', () => {
  const networks = fc.array(
    fc.record({ bitOperations: fc.integer({ min: 0, max: 8 }), accuracy: fc.integer({ min: 0, max: 8 }) }),
    { maxLength: 40 },
  );
  const joinAll = (all: readonly Valued[], limit: number) =>
    all.reduce<readonly Valued[]>((front, one) => joinFront(front, one, limit), []);

  it('has the networks that no other one dominates', () => {
    fc.assert(
      fc.property(networks, (all) => {
        expect(joinAll(all, 100)).toEqual(frontOf(all));
      }),
      { seed: 5, numRuns: 500 },
    );
  });

  it('is bounded, and keeps its ends', () => {
    fc.assert(
      fc.property(networks, fc.integer({ min: 2, max: 5 }), (all, limit) => {
        const [front, whole] = [joinAll(all, limit), frontOf(all)];
        expect(front.length).toBeLessThanOrEqual(limit);
        expect(whole).toEqual(expect.arrayContaining([...front]));
        expect([front[0], front.at(-1)]).toEqual([whole[0], whole.at(-1)]);
      }),
      { seed: 6, numRuns: 500 },
    );
  });

  it('loses the network that adds least where there is no room', () => {
    const front = [
      { bitOperations: 10, accuracy: 0.5 },
      { bitOperations: 20, accuracy: 0.8 },
      { bitOperations: 40, accuracy: 0.9 },
    ];
    const little = { bitOperations: 39, accuracy: 0.85 };
    const much = { bitOperations: 14, accuracy: 0.75 };
    expect(joinFront(front, little, 3)).toBe(front);
    expect(joinFront(front, much, 3)).toEqual([front[0], much, front[2]]);
    // More accuracy than the next one adds, but at nearly its cost.
    const step = { bitOperations: 20, accuracy: 0.6 };
    const further = { bitOperations: 21, accuracy: 0.66 };
    expect(joinFront([front[0], step, front[2]], further, 3)).toEqual([front[0], further, front[2]]);
  });
});

describe('a run with a front', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'qfx-pareto-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const kept = async (where = folder) => (await readdir(join(where, 'checkpoints', 'pareto'))).sort();
  const files = (names: readonly { readonly name: string }[]) => names.map(({ name }) => `${name}.safetensors`).sort();

  it('keeps the checkpoints that no other one dominates, and none beside', async () => {
    const { front } = await train({ model: network(), data, ...training, folder });
    const epochs = await epochsOf(folder);
    expect(epochs).toHaveLength(8);
    expect(front?.map(({ epoch, bitOperations, accuracy }) => ({ epoch, bitOperations, accuracy }))).toEqual(
      frontOf(epochs),
    );
    // It says something: there are several, and not all.
    expect(front!.length).toBeGreaterThan(1);
    expect(front!.length).toBeLessThan(8);
    expect(await kept()).toEqual(files(front!));
  });

  it('gives them back as they were measured, from its folder or from memory', async () => {
    const [inFolder, inMemory] = [network(), network()];
    const results = [
      { model: inFolder, ...(await train({ model: inFolder, data, ...training, folder })) },
      { model: inMemory, ...(await train({ model: inMemory, data, ...training })) },
    ];
    const weights = [];
    for (const { model, front } of results) {
      for (const { restore, bitOperations, accuracy } of front!) {
        await restore();
        expect(new BitOperations(model).remaining()).toBe(bitOperations);
        expect((await evaluate(model, validation, data.shape)).accuracy).toBe(accuracy);
        weights.push(weightsOf(model));
      }
    }
    const half = weights.length / 2;
    expect(weights.slice(half)).toEqual(weights.slice(0, half));
  });

  it('has at most so many', async () => {
    const { front } = await train({ model: network(), data, ...training, pareto: { networks: 2 }, folder });
    const whole = frontOf(await epochsOf(folder));
    expect(whole.length).toBeGreaterThan(2);
    expect(front!.map(({ epoch }) => epoch)).toEqual([whole[0].epoch, whole.at(-1)!.epoch]);
    expect(await kept()).toEqual(files(front!));
  });

  it('keeps what it ends with, where that is another network', async () => {
    const late = { ...training, freezing: { ...training.freezing, binaryPoints: 1, statistics: 1 } };
    const { front } = await train({ model: network(), data, ...late, folder });
    expect(front!.map(({ name }) => name)).toContain('end');
    expect(front!.find(({ name }) => name === 'end')!.bitOperations).toBeLessThanOrEqual(1_000);
  });

  it.each([
    ['behind its first networks', 40],
    ['before its first epoch', 3],
  ])('has the same one when it is interrupted %s and resumed', async (_, stop) => {
    const [whole, parts] = [join(folder, 'whole'), join(folder, 'parts')];
    const { front } = await train({ model: network(), data, ...training, folder: whole });
    const controller = new AbortController();
    const onProgress = ({ step }: { step: number }) => step >= stop && controller.abort(new Error('enough'));
    const session = train({
      model: network(),
      data,
      ...training,
      folder: parts,
      signal: controller.signal,
      onProgress,
    });
    await expect(session).rejects.toThrow('enough');
    const model = network();
    const resumed = await train({ model, data, ...training, folder: parts, resume: true });
    expect(JSON.stringify(resumed.front)).toBe(JSON.stringify(front));
    expect(await kept(parts)).toEqual(await kept(whole));
    for (const file of await kept(whole)) {
      const [one, other] = await Promise.all(
        [whole, parts].map((run) => readCheckpoint(join(run, 'checkpoints', 'pareto', file))),
      );
      expect(other!.weights).toEqual(one!.weights);
    }
  });

  it('loses no checkpoint that the last one knows, when the disk fails at the end of an epoch', async () => {
    // Without a budget, learning slowly, later networks beat earlier ones.
    const own = { ...training, learningRate: { schedule: 'constant', rate: 0.005 }, resources: undefined } as const;
    const { front: whole } = await train({ model: network(), data, ...own });
    const last = join(folder, 'checkpoints', 'last.safetensors');
    let before: string[] = [];
    const onEnd = async (epoch: number) => {
      const state = (await readCheckpoint(last))?.state;
      before = files(state?.front ?? []);
      if (epoch !== 8) return;
      await rm(last);
      await mkdir(join(last, 'in the way'), { recursive: true });
    };
    let pending: Promise<void> = Promise.resolve();
    let seen = 0;
    const onProgress = ({ phase, step }: { phase: string; step: number }) => {
      if (phase !== 'evaluating' || step <= seen) return;
      seen = step;
      pending = onEnd(step / 7);
    };
    await expect(train({ model: network(), data, ...own, folder, onProgress })).rejects.toThrow(/last\.safetensors/);
    await pending;
    // The last epoch's network drives others from the front; they are still there.
    expect(before.some((file) => !files(whole!).includes(file))).toBe(true);
    expect(await kept()).toEqual(expect.arrayContaining(before));
  });

  it('removes what an interruption left, and misses what is gone', async () => {
    const { front } = await train({ model: network(), data, ...training, folder });
    const pareto = join(folder, 'checkpoints', 'pareto');
    await writeFile(join(pareto, 'epoch-77.safetensors'), 'left');
    await train({ model: network(), data, ...training, folder, resume: true });
    expect(await kept()).toEqual(files(front!));
    await rm(join(pareto, `${front![0].name}.safetensors`));
    await expect(train({ model: network(), data, ...training, folder, resume: true })).rejects.toThrow(
      new RegExp(`pareto/${front![0].name}\\.safetensors: is not there any more, though it is on the front`),
    );
  });

  it('needs validation images, room for two, and costs that can be counted', async () => {
    const refused = (options: object, model = network()) =>
      train({ model, data, ...training, folder, ...options } as Parameters<typeof train>[0]);
    await expect(refused({ validationImages: 0 })).rejects.toThrow(
      /training: pareto: .*needs validationImages: choosing by test images would flatter the result/,
    );
    await expect(refused({ pareto: { networks: 1 } })).rejects.toThrow(/training: pareto\.networks: found 1/);
    await expect(refused({ pareto: { network: 3 } })).rejects.toThrow(/training: pareto: .*"network"/);
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('a run description with a front', () => {
  const description: RunDescription = { name: 'bars', data: () => data, model: network, training };
  let out: string;
  beforeEach(async () => {
    out = await mkdtemp(join(tmpdir(), 'qfx-pareto-run-'));
  });
  afterEach(() => rm(out, { recursive: true }));

  /** Fraction of images whose largest logit, an integer, is at their label. */
  function accuracyOf(bytes: Uint8Array, { images, labels }: typeof data.test): number {
    const loaded = loadGraph(bytes);
    let correct = 0;
    for (const [image, label] of labels.entries()) {
      const { raw } = loaded.run(images.subarray(image * 64, (image + 1) * 64)).outputs.classes;
      const logits = Array.from(raw, Number);
      if (logits.indexOf(Math.max(...logits)) === label) correct++;
    }
    return correct / labels.length;
  }

  it('writes a graph of each network, named after what its integers cost and reach', async () => {
    const { front, model, folder } = await runDescription(description, { out });
    const pareto = join(folder, 'pareto');
    const epochs = frontOf(await epochsOf(folder));
    const names = epochs.map(
      ({ bitOperations, accuracy }) => `${bitOperations}-operations-${(100 * accuracy).toFixed(2)}-percent.safetensors`,
    );
    expect(front!.map(({ file }) => file)).toEqual(names.map((name) => join(pareto, name)));
    expect((await readdir(pareto)).sort()).toEqual(['pareto.json', ...names].sort());
    const table = JSON.parse(await readFile(join(pareto, 'pareto.json'), 'utf8')) as unknown;
    expect(table).toEqual({ networks: front!.map((network, index) => ({ ...network, file: names[index] })) });
    for (const { file, accuracy } of front!) {
      const bytes = await readFile(file);
      expect(accuracyOf(bytes, validation)).toBe(accuracy.validation);
      expect(accuracyOf(bytes, data.test)).toBe(accuracy.trained);
    }
    // The model is what the run ended with, not the last of the front.
    const alone = network();
    await train({ model: alone, data, ...training });
    expect(weightsOf(model)).toEqual(weightsOf(alone));
  });

  it('writes them again when it is resumed, and removes them when it is replaced', async () => {
    const { folder } = await runDescription(description, { out });
    const pareto = join(folder, 'pareto');
    const read = async () =>
      Promise.all(
        (await readdir(pareto)).sort().map(async (file) => [file, await readFile(join(pareto, file), 'latin1')]),
      );
    const before = await read();
    await writeFile(join(pareto, '1-operations-99.00-percent.safetensors'), 'of another run');
    await runDescription(description, { out, resume: true });
    expect(await read()).toEqual(before);
    const plain = { ...description, training: { ...training, pareto: undefined } };
    await runDescription(plain, { out, overwrite: true });
    expect((await readdir(folder)).sort()).toEqual([
      'checkpoints',
      'metrics.csv',
      'metrics.jsonl',
      'model.safetensors',
    ]);
    expect((await readdir(join(folder, 'checkpoints'))).sort()).toEqual(['best.safetensors', 'last.safetensors']);
  });
});
