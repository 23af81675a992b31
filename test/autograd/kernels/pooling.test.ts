import { beforeAll, describe, expect, it } from 'vitest';
import { initializeBackend } from '../../../src/autograd/backend.js';
import { sumPool2d } from '../../../src/autograd/kernels/pooling.js';
import { tf } from '../../../src/autograd/tensorflow.js';
import { expectClose, gradientsOf, onBothBackends, pick, randomNumbers, randomSource } from './support.js';

beforeAll(() => initializeBackend('wasm'));

type Pair = [number, number];

function randomPooling(random: () => number) {
  const window: Pair = [pick(random, 1, 3), pick(random, 1, 3)];
  const strides: Pair = [pick(random, 1, 3), pick(random, 1, 3)];
  const shape = [pick(random, 1, 3), pick(random, 3, 8), pick(random, 3, 8), pick(random, 1, 6)];
  return { window, strides, image: randomNumbers(shape, random) };
}

/** Explicit padding smaller than the window, so that every window holds an element of the image. */
function randomPadding(window: Pair, random: () => number): [number, number, number, number] {
  const side = (axis: number) => pick(random, 0, window[axis] - 1);
  return [side(0), side(0), side(1), side(1)];
}

/** Sums over windows out of the library's own operations: a depthwise convolution with ones. */
function sumsByConvolution(
  x: tf.Tensor,
  window: Pair,
  strides: Pair,
  pad: 'same' | 'valid' | [Pair, Pair, Pair, Pair],
) {
  const ones = tf.ones([...window, x.shape[3] as number, 1]) as tf.Tensor4D;
  return tf.depthwiseConv2d(x as tf.Tensor4D, ones, strides, pad as 'same');
}

describe('pooling on wasm equals the cpu backend', () => {
  it('for maxima and their gradients, also when elements are equal', async () => {
    const random = randomSource(11);
    for (let trial = 0; trial < 150; trial++) {
      const { window, strides, image } = randomPooling(random);
      const [top, bottom, left, right] = randomPadding(window, random);
      const padding = (
        [
          'same',
          'valid',
          [
            [0, 0],
            [top, bottom],
            [left, right],
            [0, 0],
          ],
        ] as const
      )[trial % 3];
      const coarse = { shape: image.shape, values: image.values.map((value) => Math.round(2 * value) + 0) };
      const operation = (x: tf.Tensor) => tf.maxPool(x as tf.Tensor4D, window, strides, padding as 'same');
      const { reference, tested } = await onBothBackends(operation, [trial % 2 === 0 ? image : coarse], random);
      const what = JSON.stringify({ shape: image.shape, window, strides, padding });
      expect(tested.value, what).toEqual(reference.value);
      expectClose(tested.gradients[0], reference.gradients[0], what);
    }
  });

  it('for averages over valid taps and their gradients', async () => {
    const random = randomSource(12);
    for (let trial = 0; trial < 150; trial++) {
      const { window, strides, image } = randomPooling(random);
      const padding = (['same', 'valid'] as const)[trial % 2];
      // The cpu backend's own gradient ignores that border windows have fewer taps, so it is composed there.
      const operation = (x: tf.Tensor) =>
        tf.getBackend() === 'wasm'
          ? tf.avgPool(x as tf.Tensor4D, window, strides, padding)
          : sumsByConvolution(x, window, strides, padding).div(
              sumsByConvolution(tf.onesLike(x), window, strides, padding),
            );
      const { reference, tested } = await onBothBackends(operation, [image], random);
      const what = JSON.stringify({ shape: image.shape, window, strides, padding });
      expectClose(tested.value, reference.value, what);
      expectClose(tested.gradients[0], reference.gradients[0], what);
    }
  });

  it('for sums over windows and their gradients', async () => {
    const random = randomSource(13);
    for (let trial = 0; trial < 150; trial++) {
      const { window, strides, image } = randomPooling(random);
      const padding = randomPadding(window, random);
      const [top, bottom, left, right] = padding;
      const own = (x: tf.Tensor) => sumPool2d(x, window, strides, padding);
      const composed = (x: tf.Tensor) =>
        sumsByConvolution(x, window, strides, [
          [0, 0],
          [top, bottom],
          [left, right],
          [0, 0],
        ]);
      let dy: ReturnType<typeof randomNumbers> | undefined;
      const gradient = (value: tf.Tensor) => (dy ??= randomNumbers(value.shape, random));
      const reference = gradientsOf(composed, [image], gradient);
      const tested = gradientsOf(own, [image], gradient);
      expectClose(tested.value, reference.value, 'sums');
      expectClose(tested.gradients[0], reference.gradients[0], 'gradient of sums');
    }
  });
});
