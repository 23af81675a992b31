import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { initializeBackend } from '../../../src/autograd/backend.js';
import { registerPlainKernel } from '../../../src/autograd/tensorflow-kernels.js';
import { runKernel, tf } from '../../../src/autograd/tensorflow.js';
import { expectClose, onBothBackends, randomNumbers, randomSource, toNumbers, toTensor } from './support.js';
import type { Numbers } from './support.js';

/** Kernels on the wasm backend's memory: shapes that reach every rest and every shortcut, beside those of the other tests. */

beforeAll(() => initializeBackend('wasm'));

type Operation = (...inputs: tf.Tensor[]) => tf.Tensor;

/** Value and gradients of an operation on random numbers, against the cpu backend. */
async function compare(operation: Operation, shapes: number[][], seed: number, scale = 1): Promise<void> {
  const random = randomSource(seed);
  const inputs = shapes.map((shape) => {
    const { values } = randomNumbers(shape, random);
    return { shape, values: values.map((value) => scale * value) };
  });
  const { reference, tested } = await onBothBackends(operation, inputs, random);
  expectClose(tested.value, reference.value, 'value');
  tested.gradients.forEach((gradient, index) =>
    expectClose(gradient, reference.gradients[index], `gradient of input ${index}`),
  );
}

const size = (minimum: number, maximum: number) => fc.integer({ min: minimum, max: maximum });
const pair = (minimum: number, maximum: number) => fc.tuple(size(minimum, maximum), size(minimum, maximum));
const seed = fc.integer({ min: 0, max: 1e6 });

describe('kernels on the memory of the wasm backend equal the cpu backend', () => {
  it('for convolutions of many channels and wide images', async () => {
    const channels = fc.constantFrom(1, 3, 4, 5, 8, 10, 13, 16, 24);
    const image = fc.tuple(size(1, 3), size(5, 12), size(5, 40));
    const property = fc.asyncProperty(
      image,
      channels,
      channels,
      pair(1, 5),
      pair(1, 4),
      fc.boolean(),
      seed,
      (x, inputs, outputs, window, strides, isSame, start) =>
        compare(
          (a, b) => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, strides, isSame ? 'same' : 'valid'),
          [
            [...x, inputs],
            [...window, inputs, outputs],
          ],
          start,
        ),
    );
    await fc.assert(property, { seed: 1, numRuns: 60 });
  });

  it('for convolutions with one pixel to a window, one window to an image, and few columns', async () => {
    const property = fc.asyncProperty(
      size(1, 9),
      pair(1, 4),
      size(1, 11),
      size(1, 11),
      fc.constantFrom('pixel', 'image', 'column'),
      seed,
      (batch, [height, width], inputs, outputs, kind, start) => {
        const window = { pixel: [1, 1], image: [height, width], column: [1, Math.max(1, width - 1)] }[kind];
        return compare(
          (a, b) => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, 'valid'),
          [
            [batch, height, width, inputs],
            [...window, inputs, outputs],
          ],
          start,
        );
      },
    );
    await fc.assert(property, { seed: 2, numRuns: 60 });
  });

  it('for depthwise convolutions with rests of channels and large windows', async () => {
    const property = fc.asyncProperty(
      fc.tuple(size(1, 2), size(6, 12), size(6, 20), size(1, 18)),
      size(1, 3),
      pair(1, 5),
      pair(1, 3),
      fc.boolean(),
      seed,
      (x, multiplier, window, strides, isSame, start) =>
        compare(
          (a, b) => tf.depthwiseConv2d(a as tf.Tensor4D, b as tf.Tensor4D, strides, isSame ? 'same' : 'valid'),
          [x, [...window, x[3], multiplier]],
          start,
        ),
    );
    await fc.assert(property, { seed: 3, numRuns: 60 });
  });

  it('for matrix products, their gradients, and lists of them', async () => {
    const property = fc.asyncProperty(
      fc.array(size(1, 3), { maxLength: 2 }),
      fc.oneof(size(1, 9), size(120, 200)),
      size(1, 70),
      size(1, 19),
      fc.boolean(),
      fc.boolean(),
      seed,
      (batch, rows, inner, columns, isFirstTurned, isSecondTurned, start) =>
        compare(
          (a, b) => tf.matMul(a, b, isFirstTurned, isSecondTurned),
          [
            [...batch, ...(isFirstTurned ? [inner, rows] : [rows, inner])],
            [...batch, ...(isSecondTurned ? [columns, inner] : [inner, columns])],
          ],
          start,
        ),
    );
    await fc.assert(property, { seed: 4, numRuns: 80 });
  });

  it('for pooling with more channels than lanes', async () => {
    const property = fc.asyncProperty(
      fc.tuple(size(1, 2), size(3, 9), size(3, 9), size(1, 11)),
      pair(1, 3),
      pair(1, 3),
      fc.boolean(),
      seed,
      (x, window, strides, isSame, start) =>
        compare((a) => tf.maxPool(a as tf.Tensor4D, window, strides, isSame ? 'same' : 'valid'), [x], start),
    );
    await fc.assert(property, { seed: 5, numRuns: 40 });
  });

  it('for sums and additions of rows, in any order and shape', async () => {
    const property = fc.asyncProperty(
      fc.array(size(1, 40), { minLength: 1, maxLength: 2 }),
      fc.array(size(1, 5), { minLength: 1, maxLength: 2 }),
      fc.boolean(),
      seed,
      async (first, last, isFirst, start) => {
        await compare((a, b) => (isFirst ? a.add(b) : b.add(a)), [[...first, ...last], last], start);
        const axes = first.map((_, axis) => (isFirst ? axis : axis - first.length - last.length));
        await compare((a) => tf.sum(a, axes, isFirst).square(), [[...first, ...last]], start);
      },
    );
    await fc.assert(property, { seed: 6, numRuns: 60 });
  });

  it('for ReLU, ReLU6 and clipping of any count', async () => {
    const property = fc.asyncProperty(
      size(1, 70),
      fc.constantFrom('relu', 'relu6', 'clip'),
      seed,
      (count, name, start) => {
        const operation = {
          relu: (x: tf.Tensor) => x.relu(),
          relu6: (x: tf.Tensor) => x.relu6(),
          clip: (x: tf.Tensor) => x.clipByValue(-2.5, 4),
        }[name];
        return compare(operation, [[count]], start, 9);
      },
    );
    await fc.assert(property, { seed: 7, numRuns: 60 });
  });
});

/** A convolution and its gradients as loops over every product, in doubles. */
function defined(x: Numbers, filter: Numbers, dy: Numbers, strides: number[], dilations: number[], pad: number[]) {
  const [batch, height, width, inputs] = x.shape;
  const [windowHeight, windowWidth, , outputs] = filter.shape;
  const [, yHeight, yWidth] = dy.shape;
  const [y, dx, dw] = [dy, x, filter].map(({ values }) => new Float64Array(values.length));
  for (let image = 0; image < batch; image++)
    for (let row = 0; row < yHeight; row++)
      for (let column = 0; column < yWidth; column++)
        for (let tapRow = 0; tapRow < windowHeight; tapRow++)
          for (let tapColumn = 0; tapColumn < windowWidth; tapColumn++) {
            const xRow = row * strides[0] + tapRow * dilations[0] - pad[0];
            const xColumn = column * strides[1] + tapColumn * dilations[1] - pad[1];
            if (xRow < 0 || xRow >= height || xColumn < 0 || xColumn >= width) continue;
            for (let input = 0; input < inputs; input++)
              for (let output = 0; output < outputs; output++) {
                const atX = ((image * height + xRow) * width + xColumn) * inputs + input;
                const atFilter = ((tapRow * windowWidth + tapColumn) * inputs + input) * outputs + output;
                const atY = ((image * yHeight + row) * yWidth + column) * outputs + output;
                y[atY] += x.values[atX] * filter.values[atFilter];
                dx[atX] += dy.values[atY] * filter.values[atFilter];
                dw[atFilter] += dy.values[atY] * x.values[atX];
              }
          }
  const rounded = (values: Float64Array, { shape }: Numbers): Numbers => ({ shape, values: Float32Array.from(values) });
  return [rounded(y, dy), rounded(dx, x), rounded(dw, filter)];
}

describe('kernels of a convolution', () => {
  it('take strides with dilations and any padding, as their definition does', () => {
    const property = fc.property(
      fc.tuple(size(1, 2), size(1, 9), size(1, 9), size(1, 6)),
      size(1, 10),
      pair(1, 3),
      pair(1, 4),
      pair(1, 4),
      fc.tuple(pair(0, 4), pair(0, 4)),
      seed,
      (shape, outputs, window, strides, dilations, padding, start) => {
        const yShape = [0, 1].map((axis) => {
          const [before, after] = padding[axis];
          const reach = (window[axis] - 1) * dilations[axis] + 1;
          return Math.floor((shape[axis + 1] + before + after - reach) / strides[axis]) + 1;
        });
        fc.pre(Math.min(...yShape) > 0);
        const random = randomSource(start);
        const x = randomNumbers(shape, random);
        const filter = randomNumbers([...window, shape[3], outputs], random);
        const dy = randomNumbers([shape[0], ...yShape, outputs], random);
        const pad = [[0, 0], ...padding, [0, 0]];
        const attributes = { strides, dilations, pad, dataFormat: 'NHWC' };
        const before = padding.map(([first]) => first);
        const expected = defined(x, filter, dy, strides, dilations, before);
        tf.tidy(() => {
          const tensors = { x: toTensor(x), filter: toTensor(filter), dy: toTensor(dy) };
          const found = [
            ...runKernel('Conv2D', { x: tensors.x, filter: tensors.filter }, attributes),
            ...runKernel(
              'Conv2DBackpropInput',
              { dy: tensors.dy, filter: tensors.filter },
              { ...attributes, inputShape: x.shape },
            ),
            ...runKernel(
              'Conv2DBackpropFilter',
              { x: tensors.x, dy: tensors.dy },
              { ...attributes, filterShape: filter.shape },
            ),
          ];
          found.forEach((tensor, index) =>
            expectClose(toNumbers(tensor), expected[index], ['value', 'image gradient', 'filter gradient'][index]),
          );
        });
      },
    );
    fc.assert(property, { seed: 10, numRuns: 300 });
  });
});

describe('gradients within bounds', () => {
  it('stop and pass exactly at the bounds, as those of the library', async () => {
    const values = Float32Array.of(-1, -0, 0, 2 ** -149, 2 ** -126, 1, 5.9999995, 6, 6.0000005, Infinity, -Infinity);
    for (const operation of [
      (x: tf.Tensor) => x.relu(),
      (x: tf.Tensor) => x.relu6(),
      (x: tf.Tensor) => x.clipByValue(1, 6),
      (x: tf.Tensor) => x.clipByValue(-1, 0),
    ]) {
      const input = { shape: [values.length], values };
      const { reference, tested } = await onBothBackends(operation, [input], randomSource(8));
      expect(tested.gradients[0].values.map((value) => value + 0)).toEqual(
        reference.gradients[0].values.map((value) => value + 0),
      );
    }
  });
});

describe('sums over windows', () => {
  it('are the exact sums, rounded once', () => {
    // In float32, 1 is lost beside 2^24 before the large numbers cancel.
    const x = tf.tensor(
      [2 ** 24, 1, -(2 ** 24), 1, 2 ** 24, 1].flatMap((value) => [value, 1, 2, 3, value]),
      [1, 2, 3, 5],
    );
    const [y] = runKernel('QfxSumPool', { x }, { filterSize: [1, 3], strides: [1, 1], pad: 'valid' });
    expect([...y.dataSync()]).toEqual([1, 3, 6, 9, 1, 2 ** 24 + 2, 3, 6, 9, 2 ** 24 + 2]);
  });
});

describe("the library's own calls", () => {
  it('run on these kernels: what the portable forms are made of is not touched', () => {
    const touched = (name: string) =>
      registerPlainKernel('wasm', {
        name,
        inputs: ['x'],
        outputShapes: ([shape]) => [shape],
        compute: () => expect.fail(`${name} ran`),
      });
    const originals = ['Transpose', 'QfxSpread', 'QfxTurnFilter'].map((name) => tf.getKernel(name, 'wasm'));
    originals.forEach(({ kernelName }) => touched(kernelName));
    try {
      const random = randomSource(9);
      const x = toTensor(randomNumbers([8, 9, 9, 3], random));
      const filter = toTensor(randomNumbers([3, 3, 3, 8], random));
      const depthwise = toTensor(randomNumbers([3, 3, 8, 2], random));
      const weights = toTensor(randomNumbers([16, 5], random));
      const network = (image: tf.Tensor, ...[a, b, c]: tf.Tensor[]) => {
        const features = tf.conv2d(image as tf.Tensor4D, a as tf.Tensor4D, 2, 'same').relu();
        const pooled = tf.depthwiseConv2d(features as tf.Tensor4D, b as tf.Tensor4D, 1, 'same').sum([1, 2]);
        return tf.matMul(pooled as tf.Tensor2D, c as tf.Tensor2D);
      };
      const run = () => tf.tidy(() => tf.grads(network)([x, filter, depthwise, weights]).map(toNumbers) as never);
      const first: unknown = run();
      expect(run()).toEqual(first);
    } finally {
      for (const original of originals) {
        tf.unregisterKernel(original.kernelName, 'wasm');
        tf.registerKernel(original);
      }
    }
  });
});
