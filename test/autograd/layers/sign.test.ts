import { beforeAll, describe, expect, it } from 'vitest';
import { createLayers, freeze, initializeBackend, tf } from '../../../src/autograd/index.js';
import { gradientsOf, randomNumbers, randomSource } from '../kernels/support.js';
import { describeLayer } from './contract.js';

describeLayer({
  kind: 'sign',
  sample: (layers, random) => ({
    layer: layers.sign(),
    inputShapes: [random.next() < 0.5 ? [random.integer(1, 9)] : [2, 3, random.integer(1, 5)]],
  }),
});

describe('sign', () => {
  beforeAll(() => initializeBackend('wasm'));

  it('is 1 from 0 on, and passes gradients between -1 and 1', () => {
    const layer = createLayers().sign();
    const x = { shape: [7], values: Float32Array.of(-1.25, -1, -0.5, 0, 0.5, 1, 1.25) };
    const dy = randomNumbers([7], randomSource(1));
    const { value, gradients } = gradientsOf(
      (input) => layer.call(input, { training: true }) as tf.Tensor,
      [x],
      () => dy,
    );
    expect([...value.values]).toEqual([-1, -1, -1, 1, 1, 1, 1]);
    expect([...gradients[0].values]).toEqual([0, ...dy.values.subarray(1, 6), 0]);
  });
});

describe('binary and ternary weights', () => {
  beforeAll(() => initializeBackend('wasm'));

  it.each([
    ['binary', { terms: 1, projection: 'sign' }, [-1, 1]],
    ['ternary', { terms: 1 }, [-1, 0, 1]],
  ] as const)('%s ones train, and are the only integers of the graph', async (_name, kHot, members) => {
    const q = createLayers({ weights: { wordLength: 2, granularity: 'channel', kHot }, seed: 4 });
    const model = tf.sequential({
      layers: [
        q.input({ inputShape: [4, 4, 2], signed: true, wordLength: 6, binaryPoint: 5 }),
        q.conv2d({ filters: 6, kernelSize: 3, padding: 'same' }),
        q.batchNormalization({ momentum: 0.5 }),
        q.sign(),
        q.conv2d({ filters: 4, kernelSize: 3, name: `inner_${_name}` }),
        q.flatten(),
        q.dense({ units: 3 }),
      ],
    });
    const random = randomSource(7);
    const images = randomNumbers([48, 4, 4, 2], random);
    images.values.forEach((value, index) => (images.values[index] = Math.round(value * 31) / 32));
    const x = tf.tensor(images.values, images.shape);
    const labels = tf
      .oneHot(
        tf.tensor1d(
          Array.from({ length: 48 }, (_, index) => index % 3),
          'int32',
        ),
        3,
      )
      .toFloat();
    const loss = (wanted: tf.Tensor, logits: tf.Tensor) => tf.losses.softmaxCrossEntropy(wanted, logits) as tf.Scalar;
    model.compile({ optimizer: tf.train.adam(0.01), loss });
    const { history } = await model.fit(x, labels, { epochs: 20, batchSize: 24, verbose: 0 });
    const losses = history.loss as number[];
    expect(losses[losses.length - 1]).toBeLessThan(losses[0]);
    const { tensors } = freeze(model, { samples: tf.concat([x, x]) });
    const weights = Object.entries(tensors).filter(([name]) => name.endsWith('/weights'));
    const raw = new Set(weights.flatMap(([, tensor]) => [...(tensor.raw as Float64Array)]));
    expect([...raw].sort((a, b) => a - b)).toEqual(members);
    for (const [, { format }] of weights) expect(format.kHot).toEqual({ terms: 1, digits: 'signed' });
  });
});
