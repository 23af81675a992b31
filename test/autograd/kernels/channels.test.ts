import { beforeAll, describe, it } from 'vitest';
import { initializeBackend } from '../../../src/autograd/backend.js';
import { channelAffine, channelMoments } from '../../../src/autograd/kernels/channels.js';
import { tf } from '../../../src/autograd/tensorflow.js';
import { expectClose, onBothBackends, pick, randomNumbers, randomSource } from './support.js';

beforeAll(() => initializeBackend('wasm'));

const axesButLast = (x: tf.Tensor) => x.shape.map((_, axis) => axis).slice(0, -1);

describe('channel statistics and affine functions equal the library', () => {
  it('for mean, variance and their gradients', async () => {
    const random = randomSource(21);
    for (let trial = 0; trial < 40; trial++) {
      const shape =
        trial % 2 === 0 ? [pick(random, 2, 9), pick(random, 1, 9)] : [3, 4, pick(random, 1, 5), pick(random, 1, 17)];
      const operation = (x: tf.Tensor) => {
        const { mean, variance } = tf.getBackend() === 'wasm' ? channelMoments(x) : tf.moments(x, axesButLast(x));
        return tf.concat([mean, variance]);
      };
      const { reference, tested } = await onBothBackends(operation, [randomNumbers(shape, random)], random);
      expectClose(tested.value, reference.value, `moments of [${shape}]`);
      expectClose(tested.gradients[0], reference.gradients[0], `gradient of the moments of [${shape}]`);
    }
  });

  it('for a * x + b and its three gradients', async () => {
    const random = randomSource(22);
    for (let trial = 0; trial < 40; trial++) {
      const channels = pick(random, 1, 17);
      const shape = trial % 2 === 0 ? [pick(random, 1, 9), channels] : [3, 4, pick(random, 1, 5), channels];
      const inputs = [shape, [channels], [channels]].map((size) => randomNumbers(size, random));
      const operation = (x: tf.Tensor, a: tf.Tensor, b: tf.Tensor) =>
        tf.getBackend() === 'wasm' ? channelAffine(x, a, b) : x.mul(a).add(b);
      const { reference, tested } = await onBothBackends(operation, inputs, random);
      expectClose(tested.value, reference.value, `value for [${shape}]`);
      tested.gradients.forEach((gradient, index) =>
        expectClose(gradient, reference.gradients[index], `gradient ${index} for [${shape}]`),
      );
    }
  });
});
