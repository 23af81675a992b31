import { beforeAll, describe, expect, it } from 'vitest';
import { initializeBackend } from '../../../src/autograd/backend.js';
import { tf } from '../../../src/autograd/tensorflow.js';
import { expectClose, onBothBackends, pick, randomNumbers, randomSource, toNumbers, toTensor } from './support.js';
import type { Numbers } from './support.js';

beforeAll(() => initializeBackend('wasm'));

type Pair = [number, number];
type Padding = 'same' | 'valid' | [Pair, Pair, Pair, Pair];

/** One random convolution that has at least one output. Strides and dilations exclude each other, as in TensorFlow. */
function randomConvolution(random: () => number) {
  const window: Pair = [pick(random, 1, 4), pick(random, 1, 4)];
  const isDilated = random() < 0.3;
  const dilations: Pair = isDilated ? [pick(random, 1, 3), pick(random, 1, 3)] : [1, 1];
  const strides: Pair = isDilated ? [1, 1] : [pick(random, 1, 3), pick(random, 1, 3)];
  const reach = window.map((size, axis) => (size - 1) * dilations[axis] + 1);
  const kind = pick(random, 0, 2);
  const side = (): Pair => [pick(random, 0, 3), pick(random, 0, 3)];
  const padding: Padding = kind === 0 ? 'same' : kind === 1 ? 'valid' : [[0, 0], side(), side(), [0, 0]];
  const size = reach.map((needed) => needed + pick(random, 0, 6));
  const batch = pick(random, 1, 3);
  const [inputs, outputs] = [pick(random, 1, 9), pick(random, 1, 9)];
  const image = [batch, size[0], size[1], inputs];
  return { window, dilations, strides, padding, image, inputs, outputs };
}

/** A dilated filter written out with zeros between its taps: a product with constant matrices of zeros and ones. */
function spreadFilter(filter: tf.Tensor, dilations: Pair): tf.Tensor {
  const [height, width, inputs, outputs] = filter.shape;
  const placement = (size: number, dilation: number) =>
    tf.tensor2d(
      Array.from({ length: (size - 1) * dilation + 1 }, (_, row) =>
        Array.from({ length: size }, (_unused, column) => (row === column * dilation ? 1 : 0)),
      ),
    );
  const rows = placement(height, dilations[0]);
  const columns = placement(width, dilations[1]);
  const tall = rows.matMul(filter.reshape([height, -1])).reshape([rows.shape[0], width, inputs * outputs]);
  const turned = tall.transpose([1, 0, 2]).reshape([width, -1]);
  const wide = columns.matMul(turned).reshape([columns.shape[0], rows.shape[0], inputs, outputs]);
  return wide.transpose([1, 0, 2, 3]);
}

async function compare(
  convolution: (x: tf.Tensor, filter: tf.Tensor, dilations: Pair) => tf.Tensor,
  image: Numbers,
  filter: Numbers,
  dilations: Pair,
  random: () => number,
  what: string,
) {
  // The cpu backend knows no gradient of dilated filters: it gets the spread one.
  const operation = (x: tf.Tensor, weights: tf.Tensor) =>
    tf.getBackend() === 'wasm'
      ? convolution(x, weights, dilations)
      : convolution(x, spreadFilter(weights, dilations), [1, 1]);
  const { reference, tested } = await onBothBackends(operation, [image, filter], random);
  expectClose(tested.value, reference.value, `${what}: value`);
  expectClose(tested.gradients[0], reference.gradients[0], `${what}: image gradient`);
  expectClose(tested.gradients[1], reference.gradients[1], `${what}: filter gradient`);
}

describe('gradients of a convolution on wasm equal the cpu backend', () => {
  it('for every stride, dilation, padding and channel count', async () => {
    const random = randomSource(1);
    for (let trial = 0; trial < 150; trial++) {
      const { window, dilations, strides, padding, image, inputs, outputs } = randomConvolution(random);
      const filter = randomNumbers([...window, inputs, outputs], random);
      const convolution = (x: tf.Tensor, weights: tf.Tensor, spacing: Pair) =>
        tf.conv2d(x as tf.Tensor4D, weights as tf.Tensor4D, strides, padding, 'NHWC', spacing);
      const what = JSON.stringify({ image, window, outputs, strides, dilations, padding });
      await compare(convolution, randomNumbers(image, random), filter, dilations, random, what);
    }
  });

  it('for 3 x 3 windows with stride 1 and whole lanes of channels, which are computed by minimal filtering', async () => {
    const random = randomSource(4);
    for (let trial = 0; trial < 18; trial++) {
      const side = (): Pair => [pick(random, 0, 3), pick(random, 0, 3)];
      const padding: Padding = trial % 3 === 0 ? 'same' : trial % 3 === 1 ? 'valid' : [[0, 0], side(), side(), [0, 0]];
      const image = [pick(random, 1, 5), pick(random, 3, 10), pick(random, 3, 20), 8 * pick(random, 1, 4)];
      const filter = randomNumbers([3, 3, image[3], 8 * pick(random, 1, 4)], random);
      const convolution = (x: tf.Tensor, weights: tf.Tensor) =>
        tf.conv2d(x as tf.Tensor4D, weights as tf.Tensor4D, 1, padding as 'same');
      const what = JSON.stringify({ image, filter: filter.shape, padding });
      await compare(convolution, randomNumbers(image, random), filter, [1, 1], random, what);
    }
  });

  it('for depthwise convolutions', async () => {
    const random = randomSource(2);
    for (let trial = 0; trial < 100; trial++) {
      const { window, dilations, strides, padding, image, inputs } = randomConvolution(random);
      const filter = randomNumbers([...window, inputs, pick(random, 1, 3)], random);
      const convolution = (x: tf.Tensor, weights: tf.Tensor, spacing: Pair) =>
        tf.depthwiseConv2d(x as tf.Tensor4D, weights as tf.Tensor4D, strides, padding as 'same', 'NHWC', spacing);
      const what = JSON.stringify({ image, filter: filter.shape, strides, dilations, padding });
      await compare(convolution, randomNumbers(image, random), filter, dilations, random, what);
    }
  });

  it('repeats bit for bit', () => {
    const random = randomSource(3);
    const image = randomNumbers([8, 12, 12, 16], random);
    const filter = randomNumbers([3, 3, 16, 24], random);
    for (const stride of [1, 2]) {
      const gradients = () => {
        const run = tf.grads((x, weights) =>
          tf.conv2d(x as tf.Tensor4D, weights as tf.Tensor4D, stride, 'same').square(),
        );
        return run([toTensor(image), toTensor(filter)]).map(toNumbers);
      };
      expect(gradients()).toEqual(gradients());
    }
  });
});
