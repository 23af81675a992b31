import { describe, expect, it } from 'vitest';
import { initializeBackend } from '../../../src/autograd/backend.js';
import { tf } from '../../../src/autograd/tensorflow.js';
import { expectClose, gradientsOf, randomNumbers, randomSource, toNumbers, toTensor } from './support.js';

describe('a backend', () => {
  it('starts wasm by default, again and again, and leaves no listeners behind', async () => {
    const listeners = () => [process.rawListeners('uncaughtException'), process.rawListeners('unhandledRejection')];
    const before = listeners();
    await initializeBackend();
    expect(tf.getBackend()).toBe('wasm');
    expect(listeners()).toEqual(before);
    await initializeBackend('cpu');
    expect(tf.getBackend()).toBe('cpu');
    await initializeBackend();
    const a = tf.ones([2, 50]);
    expect([...a.matMul(a, false, true).dataSync()]).toEqual([50, 50, 50, 50]);
  });

  it('hands on a tensor that does not change without copying it, each holder for itself', async () => {
    await initializeBackend();
    const values = (tensor: tf.Tensor) => [...tensor.dataSync()];
    const original = tf.tensor1d([1.5, -2, 3]);
    const buffers = tf.memory().numDataBuffers;
    const same = [original.clone(), original.cast('float32'), original.clone()];
    expect(tf.memory().numDataBuffers).toBe(buffers);
    expect(values(original.cast('int32'))).toEqual([1, -2, 3]);
    original.dispose();
    for (const tensor of same) {
      // Whoever frees memory too early gets it again here.
      const other = tf.tensor1d([7, 7, 7]);
      expect(values(tensor)).toEqual([1.5, -2, 3]);
      tf.dispose([tensor, other]);
    }
    const integers = tf.tensor1d([1, 2, 3], 'int32');
    expect(values(integers.clone())).toEqual([1, 2, 3]);
    expect(values(integers.cast('float32').mul(0.5))).toEqual([0.5, 1, 1.5]);
  });

  it('gives the same gradients of strided and dilated convolutions on cpu, with the same kernels', async () => {
    const random = randomSource(51);
    const inputs = [randomNumbers([2, 9, 8, 3], random), randomNumbers([3, 2, 3, 4], random)];
    const depthwiseInputs = [inputs[0], randomNumbers([3, 2, 3, 2], random)];
    const makeGradient = (value: tf.Tensor) => randomNumbers(value.shape, randomSource(52));
    const run = async (backend: 'wasm' | 'cpu') => {
      await initializeBackend(backend);
      const shapes: [number, number][][] = [
        [
          [2, 3],
          [1, 1],
        ],
        [
          [1, 1],
          [2, 3],
        ],
      ];
      return shapes.flatMap(([strides, dilations]) => [
        gradientsOf(
          (x, filter) => tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, strides, 'same', 'NHWC', dilations),
          inputs,
          makeGradient,
        ),
        gradientsOf(
          (x, filter) =>
            tf.depthwiseConv2d(x as tf.Tensor4D, filter as tf.Tensor4D, strides, 'same', 'NHWC', dilations),
          depthwiseInputs,
          makeGradient,
        ),
      ]);
    };
    const [wasm, cpu] = [await run('wasm'), await run('cpu')];
    wasm.forEach((result, index) => {
      expectClose(result.value, cpu[index].value, `value ${index}`);
      result.gradients.forEach((gradient, input) =>
        expectClose(gradient, cpu[index].gradients[input], `gradient ${index}, ${input}`),
      );
    });
  });
});

describe("the library's own layers on wasm", () => {
  const makeModel = () => {
    const seed = 3;
    const kernelInitializer = tf.initializers.heNormal({ seed });
    return tf.sequential({
      layers: [
        tf.layers.conv2d({
          inputShape: [8, 8, 1],
          filters: 6,
          kernelSize: 3,
          strides: 2,
          padding: 'same',
          kernelInitializer,
        }),
        tf.layers.batchNormalization(),
        tf.layers.reLU(),
        tf.layers.depthwiseConv2d({
          kernelSize: 3,
          padding: 'same',
          depthwiseInitializer: tf.initializers.heNormal({ seed: 4 }),
        }),
        tf.layers.maxPooling2d({ poolSize: 2 }),
        tf.layers.flatten(),
        tf.layers.dense({ units: 2, activation: 'softmax', kernelInitializer }),
      ],
    });
  };

  it('learn by model.fit, and repeat bit for bit', async () => {
    await initializeBackend();
    const random = randomSource(53);
    const images = randomNumbers([64, 8, 8, 1], random);
    // Class 1 is brighter on its left half.
    const classes = Int32Array.from({ length: 64 }, (_, index) => index % 2);
    images.values.forEach((_, index) => {
      if (classes[index >> 6] === 1 && index % 8 < 4) images.values[index] += 1;
    });
    const train = async () => {
      const model = makeModel();
      model.compile({ optimizer: tf.train.adam(0.01), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
      const labels = tf.oneHot(tf.tensor1d(classes, 'int32'), 2);
      const history = await model.fit(toTensor(images), labels, {
        epochs: 12,
        batchSize: 16,
        shuffle: false,
        verbose: 0,
      });
      const weights = model.getWeights().map(toNumbers);
      return { accuracy: history.history['acc'].at(-1) as number, weights };
    };
    const first = await train();
    expect(first.accuracy).toBeGreaterThan(0.95);
    expect((await train()).weights).toEqual(first.weights);
  });
});
