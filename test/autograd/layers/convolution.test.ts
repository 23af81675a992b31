import { describe, expect, it } from 'vitest';
import { createLayers, tf } from '../../../src/autograd/index.js';
import { describeLayer } from './contract.js';
import type { Random } from './random.js';

/** Kernel, stride, dilation and padding drawn at random, for an image of at least 5 x 5. */
function randomWindow(random: Random) {
  const pair = (first: number, last: number): [number, number] => [
    random.integer(first, last),
    random.integer(first, last),
  ];
  const isDilated = random.next() < 0.4;
  return {
    kernelSize: random.next() < 0.5 ? random.integer(1, 3) : pair(1, 3),
    strides: isDilated ? 1 : pair(1, 3),
    dilations: isDilated ? pair(1, 2) : 1,
    padding: random.pick(['same', 'valid', [0, 1, 2, 0]] as ['same', 'valid', [number, number, number, number]]),
    useBias: random.next() < 0.7,
  };
}

const image = (random: Random, channels: number) => [random.integer(5, 8), random.integer(5, 8), channels];

describeLayer({
  kind: 'conv2d',
  options: { filters: 2, kernelSize: 3 },
  trials: 20,
  sample: (layers, random) => {
    const groups = random.pick([1, 1, 2, 3]);
    return {
      layer: layers.conv2d({ ...randomWindow(random), groups, filters: groups * random.integer(1, 3) }),
      inputShapes: [image(random, groups * random.integer(1, 3))],
    };
  },
});

describeLayer({
  kind: 'depthwiseConv2d',
  options: { kernelSize: 3 },
  trials: 16,
  sample: (layers, random) => ({
    layer: layers.depthwiseConv2d({ ...randomWindow(random), depthMultiplier: random.integer(1, 2) }),
    inputShapes: [image(random, random.integer(1, 4))],
  }),
});

describeLayer({
  kind: 'conv2dTranspose',
  options: { filters: 2, kernelSize: 3 },
  trials: 16,
  sample: (layers, random) => {
    const pair = (last: number): [number, number] => [random.integer(1, last), random.integer(1, last)];
    return {
      layer: layers.conv2dTranspose({
        filters: random.integer(1, 3),
        kernelSize: pair(4),
        strides: pair(3),
        padding: random.pick(['same', 'valid'] as const),
        useBias: random.next() < 0.7,
      }),
      inputShapes: [[random.integer(1, 4), random.integer(1, 4), random.integer(1, 4)]],
    };
  },
});

describe('conv2dTranspose', () => {
  it.each([
    ['same', 4, 2],
    ['valid', 3, 2],
    ['same', 3, 1],
    ['valid', 2, 3],
  ] as const)(
    "is the library's layer, padding %s, kernel %i, stride %i: values and gradients",
    (padding, kernelSize, strides) => {
      const shape = [3, 5, 4, 3] as const;
      const random = tf.randomUniform<tf.Rank.R4>;
      const x = random([...shape], -1, 1, 'float32', 1);
      const kernel = random([kernelSize, kernelSize, 3, 2], -1, 1, 'float32', 2);
      const own = createLayers().conv2dTranspose({ filters: 2, kernelSize, strides, padding, useBias: false });
      const multiply = own['multiply' as never] as (x: tf.Tensor, weights: tf.Tensor) => tf.Tensor;
      const [, height, width] = own.computeOutputShape([...shape]) as number[];
      const theirs = (image: tf.Tensor4D, weights: tf.Tensor4D) =>
        tf.conv2dTranspose(
          image,
          weights.transpose<tf.Tensor4D>([0, 1, 3, 2]),
          [3, height, width, 2],
          strides,
          padding,
        );
      const ours = (image: tf.Tensor4D, weights: tf.Tensor4D) => multiply.call(own, image, weights);
      const dy = random([3, height, width, 2], -1, 1, 'float32', 3);
      const all = (operation: (image: tf.Tensor4D, weights: tf.Tensor4D) => tf.Tensor) =>
        [operation(x, kernel), ...tf.grads(operation as never)([x, kernel], dy)].map((tensor) =>
          Array.from(tensor.dataSync()),
        );
      const [found, expected] = [all(ours), all(theirs)];
      expected.forEach((values, index) => {
        const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        values.forEach((value, at) => {
          expect(Math.abs(found[index][at] - value)).toBeLessThanOrEqual(1e-5 * largest);
        });
      });
    },
  );
});
