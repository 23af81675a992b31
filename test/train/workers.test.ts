import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { initializeBackend } from '../../src/autograd/backend.js';
import { quantizersOf } from '../../src/autograd/freeze/index.js';
import { createLayers } from '../../src/autograd/layers/index.js';
import { batchNormalizationsOf } from '../../src/autograd/layers/batch-normalization.js';
import { tf } from '../../src/autograd/tensorflow.js';
import { readCheckpoint } from '../../src/autograd/train/checkpoint.js';
import { epochOrder, makeBatch } from '../../src/autograd/train/batches.js';
import { shardGradients, sumShards } from '../../src/autograd/train/gradients.js';
import { modelWeights } from '../../src/autograd/train/model-weights.js';
import { loadRunDescription } from '../../src/autograd/train/run-description.js';
import { runDescription } from '../../src/autograd/train/run.js';
import { shardRange } from '../../src/autograd/train/shards.js';
import { train } from '../../src/autograd/train/train.js';
import { packError, unpackError } from '../../src/threads/packed-error.js';
import { QfxError } from '../../src/qfx/errors.js';
import { bars } from './synthetic.js';

/** 500 test images are three pieces of an evaluation. */
const data = bars({ train: 330, test: 500 });
/** 30 images in 4 shards: of 7, 8, 7 and 8. */
const training = {
  epochs: 2,
  batchSize: 30,
  shards: 4,
  seed: 7,
  learningRate: { schedule: 'cosine', rate: 0.02, warmUpSteps: 2 },
  augmentation: { crop: 1 },
  freezing: { binaryPoints: 0.5, statistics: 0.7, images: 64 },
  logEvery: 4,
} as const;

/** Everything that a shard could get wrong: batch statistics, random places, learned binary points. */
function network({ dropout = 0.1, extra = [] as tf.layers.Layer[] } = {}): tf.LayersModel {
  const q = createLayers({ seed: 3, weights: { wordLength: 5 }, activations: { wordLength: 5 } });
  return tf.sequential({
    layers: [
      q.input({ name: 'image', inputShape: [8, 8, 1], wordLength: 8, binaryPoint: 8 }),
      q.conv2d({ name: 'conv', filters: 3, kernelSize: 3, strides: 2 }),
      q.batchNormalization({ name: 'norm', momentum: 0.8 }),
      q.relu({ name: 'relu' }),
      q.flatten({ name: 'flat' }),
      tf.layers.dropout({ name: 'drop', rate: dropout, seed: 5 }),
      q.dense({ name: 'classes', units: 3 }),
      ...extra,
    ],
  });
}

const weightsOf = (model: tf.LayersModel) => modelWeights(model).map(({ key, read }) => [key, [...read()]]);
const noTime = (line: object) => ({ ...line, seconds: 0 });

/** A layer of a user's own at the end of a network. */
class Ending extends tf.layers.Layer {
  static readonly className: string = 'TestEnding';
  override call(inputs: tf.Tensor | tf.Tensor[], _kwargs: { training?: boolean }): tf.Tensor {
    return (Array.isArray(inputs) ? inputs[0] : inputs).clone();
  }
}

/** Counts its calls in a weight. */
class Counting extends Ending {
  static override readonly className = 'TestCounting';
  private count: tf.LayerVariable | undefined;
  override build(inputShape: tf.Shape): void {
    this.count = this.addWeight('count', [1], 'float32', tf.initializers.zeros(), undefined, false);
    super.build(inputShape);
  }
  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: { training?: boolean }): tf.Tensor {
    if (kwargs.training === true) tf.tidy(() => void this.count?.write(this.count.read().add(1)));
    return super.call(inputs, kwargs);
  }
}

let folder: string;
beforeAll(() => initializeBackend('wasm'));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qfx-workers-'));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

const metrics = async (run: string) =>
  (await readFile(join(run, 'metrics.jsonl'), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => noTime(JSON.parse(line) as object));

/** A whole run, and everything that it leaves. */
async function outcome(
  workers: number,
  { model = network(), ...options }: { model?: tf.LayersModel; epochs?: number } = {},
) {
  const run = join(folder, `${workers} workers`);
  const result = await train({ model, data, ...training, ...options, folder: run, workers });
  return { result: noTime(result), weights: weightsOf(model), metrics: await metrics(run) };
}

describe('workers', () => {
  it('give identical weights and metrics, whatever their number', async () => {
    const warnings = vi.spyOn(console, 'warn');
    const one = await outcome(1);
    expect(await outcome(2)).toEqual(one);
    expect(await outcome(4)).toEqual(one);
    expect(warnings).not.toHaveBeenCalled();
  });

  it('continue a run that another number of them has begun', async () => {
    const whole = await outcome(1);
    const run = join(folder, 'parts');
    const session = async (workers: number, until: number) => {
      const model = network();
      const controller = new AbortController();
      const onProgress = ({ step }: { step: number }) => step >= until && controller.abort(new Error('enough'));
      const { signal } = controller;
      const result = train({ model, data, ...training, folder: run, resume: true, workers, signal, onProgress });
      return { result: await result, model };
    };
    await expect(session(2, 5)).rejects.toThrow('enough');
    await expect(session(4, 15)).rejects.toThrow('enough');
    const { result, model } = await session(1, Infinity);
    expect({ result: noTime(result), weights: weightsOf(model), metrics: await metrics(run) }).toEqual(whole);
  });

  it('measure without quantizers, too, and end with the same graph', async () => {
    const many = bars({ train: 330, test: 5000 });
    const run = { name: 'bars', data: () => many, model: () => network(), training };
    const [one, two] = [join(folder, 'one'), join(folder, 'two')];
    const { accuracy, file } = await runDescription(run, { out: one, workers: 1 });
    const other = await runDescription(run, { out: two, workers: 2 });
    expect(accuracy.float).not.toBe(accuracy.trained);
    expect(other.accuracy).toEqual(accuracy);
    expect((await readFile(other.file)).equals(await readFile(file))).toBe(true);
  });

  it('build the network of a run description by its own code', async () => {
    const warnings = vi.spyOn(console, 'warn');
    const file = join(folder, 'own.mjs');
    await writeFile(file, describedNetwork({ call: 'return x.mul(2);' }));
    const run = { ...(await loadRunDescription(file)), data: () => data };
    // A layer of one's own cannot be frozen: the run fails after everything that workers do.
    const [one, two] = [join(folder, 'one'), join(folder, 'two')];
    await expect(runDescription(run, { file, out: one, workers: 1 })).rejects.toThrow(/Own has no place/);
    await expect(runDescription(run, { file, out: two, workers: 2 })).rejects.toThrow(/Own has no place/);
    expect(await metrics(join(two, 'own'))).toEqual(await metrics(join(one, 'own')));
    expect(warnings).not.toHaveBeenCalled();
  });

  it('leave a network that they cannot build to the main thread, and say so', async () => {
    const warnings = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const one = await outcome(1, { model: network({ extra: [new Ending({ name: 'mine' })] }) });
    expect(warnings).not.toHaveBeenCalled();
    expect(await outcome(2, { model: network({ extra: [new Ending({ name: 'mine' })] }) })).toEqual(one);
    expect(warnings.mock.calls).toEqual([
      [expect.stringMatching(/on one thread, with the same result: layer "mine": its class Ending is neither QFX's/)],
    ]);
  });

  it.each([
    ['a class that is only known here', 'Named', /Unknown layer: Named/],
    ["a class under another's name", 'QfxRequantize', /its class Named is neither/],
  ])('do without %s', async (_, className, message) => {
    class Named extends Ending {
      static override readonly className = className;
    }
    if (className === 'Named') tf.serialization.registerClass(Named);
    const warnings = vi.spyOn(console, 'warn').mockImplementation(() => {});
    await outcome(2, { model: network({ extra: [new Named({})] }), epochs: 1 });
    expect(warnings.mock.calls).toEqual([[expect.stringMatching(message)]]);
  });

  it('do without a network that their own building makes another one', async () => {
    const warnings = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const file = join(folder, 'other.mjs');
    await writeFile(file, describedNetwork({ units: 'isMainThread ? 4 : 5' }));
    const run = { ...(await loadRunDescription(file)), data: () => data };
    await expect(runDescription(run, { file, out: folder, workers: 2 })).rejects.toThrow(/Own has no place/);
    expect(warnings.mock.calls).toEqual([
      [expect.stringMatching(/another one: layer 2 \(QfxDense\): config: units was 4, now it is 5/)],
    ]);
  });

  it.skipIf(availableParallelism() < 2)(
    'join a run that has gone on meanwhile, where nobody says how many',
    async () => {
      const warnings = vi.spyOn(console, 'warn');
      const file = join(folder, 'joined.mjs');
      const joined = join(folder, 'joined');
      const call = `if (!isMainThread) writeFileSync(${JSON.stringify(joined)}, ''); return x;`;
      await writeFile(file, describedNetwork({ call, training: 'epochs: 10000, batchSize: 30' }));
      const run = { ...(await loadRunDescription(file)), data: () => data };
      /** Ends a run after a step, and returns the steps done. */
      const interrupt = async (out: string, workers: number | undefined, isEnough: (step: number) => boolean) => {
        const controller = new AbortController();
        let steps = 0;
        const onProgress = ({ step }: { step: number }) => {
          steps = step;
          if (isEnough(step)) controller.abort(new Error('enough'));
        };
        const { signal } = controller;
        await expect(
          runDescription(run, { file, out: join(folder, out), workers, signal, onProgress }),
        ).rejects.toThrow('enough');
        return steps;
      };
      const steps = await interrupt('many', undefined, (step) => step > 20 && existsSync(joined));
      await interrupt('one', 1, (step) => step === steps);
      const weights = async (out: string) =>
        (await readCheckpoint(join(folder, out, 'own', 'checkpoints', 'last.safetensors')))?.weights;
      expect(await weights('many')).toEqual(await weights('one'));
      expect(warnings).not.toHaveBeenCalled();
    },
  );

  it('do without a file that trains where it is imported', async () => {
    const warnings = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const file = join(folder, 'trains.mjs');
    const library = new URL('../../src/autograd/index.ts', import.meta.url).href;
    const training = `
      if (!isMainThread) {
        const { runDescription } = await import('${library}');
        const images = new Uint8Array(64 * 64);
        const part = { images, labels: new Uint8Array(64) };
        const data = { name: 'a', classes: ['a', 'b', 'c'], shape: [8, 8, 1], train: part, test: part, checksum: '' };
        await runDescription({ ...described, data: () => data }, { out: '${folder}' });
      }`;
    await writeFile(
      file,
      describedNetwork({}).replace('export default', 'const described =') + training + ' export default described;',
    );
    const run = { ...(await loadRunDescription(file)), data: () => data };
    await expect(runDescription(run, { file, out: folder, workers: 2 })).rejects.toThrow(/Own has no place/);
    expect(warnings.mock.calls).toEqual([[expect.stringMatching(/trains where a worker imports it/)]]);
  });

  it.each([
    ['in every thread', "throw new TypeError('not today');", 1],
    ['in a worker', "if (!isMainThread) throw new TypeError('not today'); return x;", 2],
  ])('end with the error that one thread would give: one %s', async (_, call, workers) => {
    const file = join(folder, 'throws.mjs');
    await writeFile(file, describedNetwork({ call }));
    const run = { ...(await loadRunDescription(file)), data: () => data };
    const failure = await runDescription(run, { file, out: folder, workers }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(Error);
    expect(failure).toMatchObject({ name: 'TypeError', message: 'not today' });
  });

  it("hand on QFX's own errors as they are", () => {
    const error = new QfxError('layer "a": output', 'found 3: allowed 2');
    const received = unpackError(structuredClone(packError(error)));
    expect(received).toBeInstanceOf(QfxError);
    expect(received).toEqual(error);
    expect(received).toMatchObject({ where: error.where, stack: error.stack });
  });

  it('end the run when one of them dies', async () => {
    const file = join(folder, 'dies.mjs');
    await writeFile(file, describedNetwork({ call: 'if (!isMainThread) process.exit(7); return x;' }));
    const run = { ...(await loadRunDescription(file)), data: () => data };
    await expect(runDescription(run, { file, out: folder, workers: 2 })).rejects.toThrow(
      'worker 1: ended by itself, with status 7',
    );
  });
});

/** A run description with a layer of its own at the end, as text. */
function describedNetwork({
  units = '4',
  call = 'return x;',
  training = 'epochs: 1, batchSize: 30, shards: 2',
}): string {
  return `
    import { writeFileSync } from 'node:fs';
    import { isMainThread } from 'node:worker_threads';
    export default {
      name: 'own',
      data: 'mnist',
      model({ tf, layers }) {
        class Own extends tf.layers.Layer {
          static className = 'Own';
          call([x]) { ${call} }
        }
        const q = layers({ weights: { wordLength: 5 }, activations: { wordLength: 5 } });
        const image = q.input({ inputShape: [8, 8, 1], wordLength: 8, binaryPoint: 8 });
        const hidden = q.dense({ units: ${units} });
        return tf.sequential({ layers: [image, q.flatten(), hidden, q.relu(), q.dense({ units: 3 }), new Own({})] });
      },
      training: { ${training} },
    };`;
}

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
