import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { initializeBackend } from '../../src/autograd/backend.js';
import { tf } from '../../src/autograd/tensorflow.js';
import { checksumOfNetwork, distilledLosses } from '../../src/autograd/train/distillation.js';
import { makeBatch } from '../../src/autograd/train/batches.js';
import { shardGradients } from '../../src/autograd/train/gradients.js';
import { oneHot } from '../../src/autograd/train/loss.js';
import { modelWeights } from '../../src/autograd/train/model-weights.js';
import { randomStream } from '../../src/autograd/train/random.js';
import { runDescription } from '../../src/autograd/train/run.js';
import { train } from '../../src/autograd/train/train.js';
import { loadGraph } from '../../src/qfx/index.js';
import { expectClose, gradientsOf, randomNumbers, randomSource } from '../autograd/kernels/support.js';
import { Ending, data, network, training, weightsOf } from './sharded-network.js';

const distillation = { temperature: 3, weight: 0.6 };

let folder: string;
beforeAll(() => initializeBackend('wasm'));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qfx-distillation-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A float network with weights of its own, whose last layer has this activation. */
function teacher({ seed = 1, activation = 'linear' as 'linear' | 'softmax', extra = [] as tf.layers.Layer[] } = {}) {
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({ inputShape: [8, 8, 1], filters: 4, kernelSize: 3, useBias: false }),
      tf.layers.batchNormalization(),
      tf.layers.flatten(),
      tf.layers.dense({ units: 3, activation }),
      ...extra,
    ],
  });
  const random = randomStream(seed);
  for (const { shape, write } of modelWeights(model)) {
    const size = shape.reduce((product, length) => product * length, 1);
    write(Float32Array.from({ length: size }, () => (random.below(1000) + 1) / 2000));
  }
  return model;
}

/** The same by the library's own operations. */
function plainLoss(
  labels: tf.Tensor,
  logits: tf.Tensor,
  given: tf.Tensor,
  { temperature, weight }: typeof distillation,
) {
  const soft = given.div(temperature).softmax();
  const hard = labels.mul(logits.logSoftmax()).sum(-1).neg();
  const divergence = soft.mul(given.div(temperature).logSoftmax().sub(logits.div(temperature).logSoftmax())).sum(-1);
  return hard.mul(1 - weight).add(divergence.mul(weight * temperature ** 2));
}

describe('the loss', () => {
  it.each([distillation, { temperature: 1, weight: 1 }, { temperature: 8, weight: 0.05 }])(
    'and its gradient equal the plain formula on the cpu backend: %o',
    async (options) => {
      const random = randomSource(5);
      const scaled = (scale: number) => {
        const numbers = randomNumbers([7, 5], random);
        return { ...numbers, values: numbers.values.map((value) => value * scale) };
      };
      const [logits, given] = [scaled(4), scaled(6)];
      const labels = { shape: [7, 5], values: oneHot(Uint8Array.of(0, 1, 2, 3, 4, 0, 2), 5) };
      const tensors = () => [labels, given].map(({ values, shape }) => tf.tensor(values, shape));
      await initializeBackend('cpu');
      const [hard, soft] = tensors();
      const ones = { shape: [7], values: new Float32Array(7).fill(1 / 30) };
      const plain = gradientsOf(
        (z) => plainLoss(hard, z, soft, options),
        [logits],
        () => ones,
      );
      await initializeBackend('wasm');
      const { losses, gradient } = distilledLosses(
        tensors()[0],
        tf.tensor(logits.values, logits.shape),
        tensors()[1],
        options,
        30,
      );
      const numbers = (tensor: tf.Tensor) => ({ shape: tensor.shape, values: tensor.dataSync() as Float32Array });
      expectClose(numbers(losses), plain.value, 'losses');
      expectClose(numbers(gradient), plain.gradients[0], 'gradient');
    },
  );

  it.each(['linear', 'softmax'] as const)(
    'reaches the weights of a network, from a teacher that ends %s',
    (activation) => {
      const model = teacher({ seed: 2 });
      const weights = modelWeights(model).filter(({ trainable }) => trainable);
      const batch = makeBatch(data.train, data.shape, [0, 1, 2, 3, 4, 5]);
      const gradients = (teaching?: Parameters<typeof shardGradients>[6]) => {
        const targets = weights.map(({ variable }) => new Float32Array(variable.size));
        const { loss } = shardGradients(model, weights, batch, data.shape, 6, targets, teaching);
        return { loss, targets };
      };
      const other = teacher({ activation });
      const tested = gradients({ ...distillation, teacher: other });
      const x = tf.tensor(batch.images, [6, ...data.shape], 'float32');
      const labels = tf.tensor(oneHot(batch.labels, 3), [6, 3]);
      const answers = teacher().apply(x, { training: false }) as tf.Tensor;
      const { value, grads } = tf.variableGrads(
        () => plainLoss(labels, model.apply(x, { training: true }) as tf.Tensor, answers, distillation).mean(),
        weights.map(({ variable }) => variable),
      );
      expect(Math.abs(tested.loss / 6 - value.dataSync()[0])).toBeLessThan(1e-5 * value.dataSync()[0]);
      weights.forEach(({ variable, shape, key }, index) =>
        expectClose(
          { shape: [...shape], values: tested.targets[index] },
          { shape: [...shape], values: grads[variable.name].dataSync() as Float32Array },
          key,
        ),
      );
      expect(gradients().targets).not.toEqual(tested.targets);
    },
  );
});

describe('training', () => {
  const outcome = async (options: object = {}) => {
    const model = network();
    const { test } = await train({ model, data, ...training, distillation, teacher: teacher(), ...options });
    return { test, weights: weightsOf(model) };
  };

  it('gives identical weights for one and two workers, of this teacher and of no other one', async () => {
    const own = teacher();
    const before = weightsOf(own);
    const one = await outcome({ workers: 1, teacher: own });
    expect(await outcome({ workers: 2 })).toEqual(one);
    expect(weightsOf(own)).toEqual(before);
    expect((await outcome({ workers: 1, teacher: teacher({ seed: 4 }) })).weights).not.toEqual(one.weights);
    expect((await outcome({ workers: 1, teacher: undefined, distillation: undefined })).weights).not.toEqual(
      one.weights,
    );
  });

  it('goes on with the same teacher only', async () => {
    const whole = await outcome({ workers: 1 });
    const run = { folder: join(folder, 'run'), resume: true, workers: 1 };
    const controller = new AbortController();
    const onProgress = ({ step }: { step: number }) => step >= 5 && controller.abort(new Error('enough'));
    await expect(outcome({ ...run, onProgress, signal: controller.signal })).rejects.toThrow('enough');
    await expect(outcome({ ...run, teacher: teacher({ seed: 4 }) })).rejects.toThrow(
      /last\.safetensors: belongs to a run with a teacher of SHA-256 [0-9a-f]{64}, now it is [0-9a-f]{64}\./,
    );
    await expect(outcome({ ...run, distillation: { temperature: 2 } })).rejects.toThrow(/a run with distillation \{/);
    expect(await outcome(run)).toEqual(whole);
  });

  it('freezes to the same integers, and the graph says who taught', async () => {
    const run = { name: 'taught', data: () => data, model: () => network(), teacher: () => teacher() };
    const { file } = await runDescription(
      { ...run, training: { ...training, distillation } },
      { out: folder, workers: 2 },
    );
    const { graph } = loadGraph(await readFile(file));
    expect(graph.provenance).toMatchObject({
      training: { distillation },
      teacher: { checksum: checksumOfNetwork(teacher()) },
    });
  });

  it('refuses what is missing or does not fit', async () => {
    await expect(outcome({ teacher: undefined })).rejects.toThrow(
      /training: distillation: needs a network to learn from/,
    );
    await expect(outcome({ distillation: undefined })).rejects.toThrow(/teacher: is not used without distillation/);
    await expect(outcome({ distillation: { weight: 0 } })).rejects.toThrow(/distillation\.weight: found 0/);
    const wide = tf.sequential({
      layers: [tf.layers.flatten({ inputShape: [8, 8, 1] }), tf.layers.dense({ units: 4 })],
    });
    await expect(outcome({ teacher: wide })).rejects.toThrow(/returns \[4\]; "bars" needs one logit a class, \[3\]/);
    const model = network();
    await expect(outcome({ model, teacher: model })).rejects.toThrow(/teacher: shares layer "image"/);
    const foreign = teacher({ extra: [new Ending({ name: 'mine' })] });
    await expect(outcome({ teacher: foreign, workers: 2 })).rejects.toThrow(
      /^workers: 2 cannot compute this run: layer "mine": its class Ending is neither/,
    );
    const run = { name: 'a', data: () => data, model: () => network(), teacher: () => 3, training: { distillation } };
    await expect(runDescription(run as never, { out: folder })).rejects.toThrow(/run "a": teacher: must return a tf/);
  });
});
