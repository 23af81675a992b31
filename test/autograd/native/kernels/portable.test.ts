import { beforeAll, describe, expect, it } from 'vitest';
import { initializeBackend } from '../../../../src/autograd/backend.js';
import { channelKernels } from '../../../../src/autograd/kernels/channels.js';
import type { AffineAttributes } from '../../../../src/autograd/kernels/channels.js';
import {
  depthwiseFilterGradientKernel,
  depthwiseInputGradientKernel,
} from '../../../../src/autograd/kernels/depthwise.js';
import { normalizationInputGradientKernel } from '../../../../src/autograd/kernels/normalization.js';
import {
  maxPoolGradientKernel,
  sumPoolGradientKernel,
  sumPoolKernel,
} from '../../../../src/autograd/kernels/pooling.js';
import { withinGradientKernel } from '../../../../src/autograd/kernels/within.js';
import { runKernel, tf } from '../../../../src/autograd/tensorflow.js';
import type { PlainKernel } from '../../../../src/autograd/tensorflow-kernels.js';
import { startTestedBackend } from '../../../support/backend.js';
import {
  expectClose,
  gradientsOf,
  pick,
  randomNumbers,
  randomSource,
  toNumbers,
  toTensor,
} from '../../kernels/support.js';
import type { Numbers } from '../../kernels/support.js';

beforeAll(startTestedBackend);

type Pair = [number, number];

/** Runs a kernel on the native backend and its portable form, and compares all outputs. */
function compare<Attributes>(kernel: PlainKernel<Attributes>, inputs: Numbers[], attributes: Attributes): void {
  const shapes = inputs.map(({ shape }) => shape);
  const expected = kernel.outputShapes(shapes, attributes).map((shape) => ({
    shape,
    values: new Float32Array(shape.reduce((product, size) => product * size, 1)),
  }));
  const numbers = (parts: readonly Numbers[]) => parts.map(({ values }) => values);
  kernel.compute(numbers(inputs), numbers(expected), shapes, attributes);
  const tensors = inputs.map(toTensor);
  const named = Object.fromEntries(kernel.inputs.map((name, index) => [name, tensors[index]]));
  const found = runKernel(kernel.name, named, attributes as object);
  found.forEach((output, index) =>
    expectClose(
      toNumbers(output),
      expected[index],
      `${kernel.name} ${JSON.stringify({ shapes, attributes })}: ${index}`,
    ),
  );
  expect(found.length).toBe(expected.length);
  tf.dispose([...tensors, ...found]);
}

const casts: AffineAttributes[] = [
  {},
  {
    cast: { rounding: 'AP_RND', overflow: 'AP_SAT', signed: true, wordLength: 5, binaryPoints: [3], positionScale: 10 },
  },
  { cast: { rounding: 'AP_TRN', overflow: 'AP_SAT_ZERO', signed: true, wordLength: 4, binaryPoints: [2] } },
  { cast: { rounding: 'AP_RND_CONV', overflow: 'AP_WRAP', signed: false, wordLength: 4, binaryPoints: [3] } },
];

describe('native kernels equal the portable forms', () => {
  for (const kernel of channelKernels) {
    it(kernel.name, () => {
      const random = randomSource(61);
      for (let trial = 0; trial < 40; trial++) {
        const channels = pick(random, 1, 70);
        const x = randomNumbers([pick(random, 1, 5), pick(random, 1, 40), channels], random);
        const shapes: Record<string, number[]> = { x: x.shape, dy: x.shape, affine: [2, channels], bias: [channels] };
        const attributes = kernel.name === 'QfxChannelSums' ? {} : casts[trial % casts.length];
        compare(
          kernel,
          kernel.inputs.map((name) => randomNumbers(shapes[name], random)),
          attributes,
        );
      }
    });
  }

  it(normalizationInputGradientKernel.name, () => {
    const random = randomSource(62);
    for (let trial = 0; trial < 40; trial++) {
      const channels = pick(random, 1, 40);
      const shape = [pick(random, 1, 50), channels];
      const shapes = [shape, shape, [2, channels], [2, channels], [2, channels]];
      compare(
        normalizationInputGradientKernel,
        shapes.map((each) => randomNumbers(each, random)),
        {},
      );
    }
  });

  it(withinGradientKernel.name, () => {
    const random = randomSource(63);
    const x = randomNumbers([3, 50], random);
    x.values.set([0, -0, 2 ** -149, 0.5, -0.5]);
    for (const [lower, upper] of [
      [2 ** -149, Infinity],
      [-0.5, 0.5],
    ])
      compare(withinGradientKernel, [x, randomNumbers([3, 50], random)], { lower, upper });
  });

  it('of pooling, also where elements are equal', () => {
    const random = randomSource(64);
    for (let trial = 0; trial < 100; trial++) {
      const filterSize: Pair = [pick(random, 1, 3), pick(random, 1, 3)];
      const strides: Pair = [pick(random, 1, 3), pick(random, 1, 3)];
      const [side, other] = filterSize.map((size) => [pick(random, 0, size - 1), pick(random, 0, size - 1)] as Pair);
      const attributes = { filterSize, strides, pad: [[0, 0], side, other, [0, 0]] as Pair[] };
      const shape = [pick(random, 1, 3), pick(random, 3, 8), pick(random, 3, 8), pick(random, 1, 6)];
      const x = randomNumbers(shape, random);
      const coarse = { shape, values: x.values.map((value) => Math.round(2 * value)) };
      compare(sumPoolKernel, [x], attributes);
      const [outputs] = sumPoolKernel.outputShapes([shape], attributes);
      const dy = randomNumbers(outputs, random);
      compare(sumPoolGradientKernel, [dy], { ...attributes, inputShape: shape });
      compare(maxPoolGradientKernel, [dy, trial % 2 === 0 ? x : coarse], attributes);
    }
  });

  it('of depthwise convolutions, for every stride, dilation, padding and multiplier', () => {
    const random = randomSource(65);
    for (let trial = 0; trial < 100; trial++) {
      const { image, window, attributes } = randomWindow(random);
      const filter = randomNumbers([...window, image.shape[3], pick(random, 1, 3)], random);
      const [x, weights] = operands(image, filter);
      const y = tf.depthwiseConv2d(x, weights, ...options(attributes));
      const dy = randomNumbers(y.shape, random);
      tf.dispose([x, weights, y]);
      compare(depthwiseFilterGradientKernel, [image, dy], { ...attributes, filterShape: filter.shape });
      compare(depthwiseInputGradientKernel, [dy, filter], { ...attributes, inputShape: image.shape });
    }
  });
});

describe('the native backend equals the cpu backend', () => {
  it('for convolutions and their gradients, for every stride, dilation and padding', async () => {
    const random = randomSource(66);
    for (let trial = 0; trial < 60; trial++) {
      const { image, window, attributes } = randomWindow(random);
      const filter = randomNumbers([...window, image.shape[3], pick(random, 1, 9)], random);
      const seed = pick(random, 1, 1000);
      const run = (name: 'depthwiseConv2d' | 'conv2d', weights: Numbers) => () =>
        gradientsOf(
          (x, w) => tf[name](x as tf.Tensor4D, w as tf.Tensor4D, ...options(attributes)),
          [image, weights],
          (value) => randomNumbers(value.shape, randomSource(seed)),
        );
      const runs = [run('conv2d', filter), run('depthwiseConv2d', filter)];
      const tested = runs.map((each) => each());
      // With QFX's portable kernels: the library's own know no dilations.
      await initializeBackend('cpu');
      const reference = runs.map((each) => each());
      await startTestedBackend();
      tested.forEach((result, index) => {
        const what = JSON.stringify({ image: image.shape, filter: filter.shape, ...attributes });
        expectClose(result.value, reference[index].value, what);
        result.gradients.forEach((gradient, input) => expectClose(gradient, reference[index].gradients[input], what));
      });
    }
  });

  it('and leaks no tensors', () => {
    const before = tf.memory().numTensors;
    const random = randomSource(67);
    tf.tidy(() => {
      const { image, window, attributes } = randomWindow(random);
      const filter = randomNumbers([...window, image.shape[3], 4], random);
      tf.grads((x, w) =>
        tf
          .conv2d(x as tf.Tensor4D, w as tf.Tensor4D, ...options(attributes))
          .relu()
          .square(),
      )(operands(image, filter));
    });
    expect(tf.memory().numTensors).toBe(before);
  });
});

interface WindowChoice {
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly pad: 'same' | 'valid' | Pair[];
}

/** Strides or dilations above 1, not both. */
function randomWindow(random: () => number): { image: Numbers; window: Pair; attributes: WindowChoice } {
  const pair = (largest: number): Pair => [pick(random, 1, largest), pick(random, 1, largest)];
  const window = pair(3);
  const isStrided = random() < 0.5;
  const padding: Pair[] = [
    [0, 0],
    [pick(random, 0, 2), pick(random, 0, 2)],
    [pick(random, 0, 2), pick(random, 0, 2)],
    [0, 0],
  ];
  const pad = (['same', 'valid', padding] as const)[pick(random, 0, 2)];
  const image = randomNumbers(
    [pick(random, 1, 3), pick(random, 7, 10), pick(random, 7, 10), pick(random, 1, 5)],
    random,
  );
  return {
    image,
    window,
    attributes: { strides: isStrided ? pair(3) : [1, 1], dilations: isStrided ? [1, 1] : pair(3), pad },
  };
}

function operands(image: Numbers, filter: Numbers): [tf.Tensor4D, tf.Tensor4D] {
  return [toTensor(image) as tf.Tensor4D, toTensor(filter) as tf.Tensor4D];
}

function options({ strides, dilations, pad }: WindowChoice): [Pair, 'same', 'NHWC', Pair] {
  return [strides, pad as 'same', 'NHWC', dilations];
}
