import { beforeAll, describe, expect, it } from 'vitest';
import { initializeBackend } from '../../../src/autograd/backend.js';
import { tf } from '../../../src/autograd/tensorflow.js';
import { expectClose, onBothBackends, randomNumbers, randomSource } from './support.js';

beforeAll(() => initializeBackend('wasm'));

/** Operations that models and losses are made of, with shapes of their inputs. */
const operations: Record<string, { shapes: number[][]; operation: (...inputs: tf.Tensor[]) => tf.Tensor }> = {
  matMul: {
    shapes: [
      [7, 60],
      [60, 5],
    ],
    operation: (a, b) => a.matMul(b),
  },
  'matMul, first transposed': {
    shapes: [
      [60, 7],
      [60, 5],
    ],
    operation: (a, b) => a.matMul(b, true),
  },
  'matMul, second transposed': {
    shapes: [
      [7, 60],
      [5, 60],
    ],
    operation: (a, b) => a.matMul(b, false, true),
  },
  'matMul, both transposed': {
    shapes: [
      [60, 7],
      [5, 60],
    ],
    operation: (a, b) => a.matMul(b, true, true),
  },
  'batched matMul, transposed': {
    shapes: [
      [3, 7, 60],
      [3, 5, 60],
    ],
    operation: (a, b) => a.matMul(b, false, true),
  },
  'fused matMul, transposed, bias and relu': {
    shapes: [[7, 60], [5, 60], [5]],
    operation: (a, b, bias) => tf.fused.matMul({ a, b, transposeB: true, bias, activation: 'relu' } as never),
  },
  'fused convolution': {
    shapes: [[2, 6, 6, 3], [3, 3, 3, 4], [4]],
    operation: (x, filter, bias) => tf.fused.conv2d({ x, filter, bias, strides: 2, pad: 'same' } as never),
  },
  concat: {
    shapes: [
      [2, 3, 4],
      [2, 3, 2],
    ],
    operation: (a, b) => tf.concat([a, b], 2),
  },
  'stack and unstack': {
    shapes: [
      [2, 3],
      [2, 3],
    ],
    operation: (a, b) => tf.unstack(tf.stack([a, b]), 1)[0],
  },
  pad: {
    shapes: [[2, 3, 4, 2]],
    operation: (x) =>
      x.pad([
        [0, 0],
        [1, 2],
        [0, 1],
        [0, 0],
      ]),
  },
  slice: { shapes: [[4, 5]], operation: (x) => x.slice([1, 2], [2, 3]) },
  split: { shapes: [[4, 6]], operation: (x) => tf.split(x, 3, 1)[1] },
  'mean over positions': { shapes: [[2, 3, 4, 2]], operation: (x) => x.mean([1, 2]) },
  'max over positions': { shapes: [[2, 3, 4, 2]], operation: (x) => x.max([1, 2]) },
  sum: { shapes: [[2, 3, 4]], operation: (x) => x.sum([0, 2]) },
  'reshape and transpose': { shapes: [[2, 3, 4]], operation: (x) => x.reshape([6, 4]).transpose() },
  'broadcast arithmetic': {
    shapes: [[4, 3], [3], [4, 1]],
    operation: (a, b, c) => a.mul(b).add(c).sub(b).div(c.square().add(1)),
  },
  relu: { shapes: [[5, 7]], operation: (x) => x.relu() },
  relu6: { shapes: [[5, 7]], operation: (x) => x.mul(9).relu6() },
  clip: { shapes: [[5, 7]], operation: (x) => x.clipByValue(-0.5, 0.25) },
  'minimum and maximum': { shapes: [[5], [5]], operation: (a, b) => tf.minimum(a, b).add(tf.maximum(a, b).square()) },
  'sqrt and rsqrt': { shapes: [[5]], operation: (x) => x.square().add(1).sqrt().add(x.square().add(2).rsqrt()) },
  'exp, log, sigmoid, tanh': { shapes: [[5]], operation: (x) => x.exp().add(1).log().add(x.sigmoid()).mul(x.tanh()) },
  softmax: { shapes: [[4, 6]], operation: (x) => x.softmax() },
  'log softmax': { shapes: [[4, 6]], operation: (x) => x.logSoftmax() },
  'softmax cross-entropy': {
    shapes: [[4, 6]],
    operation: (x) => tf.losses.softmaxCrossEntropy(tf.oneHot(tf.tensor1d([0, 5, 2, 2], 'int32'), 6), x),
  },
  'categorical cross-entropy': {
    shapes: [[4, 6]],
    operation: (x) => tf.metrics.categoricalCrossentropy(tf.oneHot(tf.tensor1d([0, 5, 2, 2], 'int32'), 6), x.softmax()),
  },
  'mean squared error': {
    shapes: [
      [4, 6],
      [4, 6],
    ],
    operation: (a, b) => tf.losses.meanSquaredError(a, b),
  },
  gather: { shapes: [[6, 3]], operation: (x) => x.gather(tf.tensor1d([0, 5, 5, 2], 'int32')) },
  'gather along the last axis': { shapes: [[4, 6]], operation: (x) => x.gather(tf.tensor1d([3, 3, 1], 'int32'), 1) },
  tile: { shapes: [[2, 3]], operation: (x) => x.tile([2, 2]) },
  abs: { shapes: [[5]], operation: (x) => x.abs() },
  where: { shapes: [[5], [5]], operation: (a, b) => tf.where(tf.tensor1d([1, 0, 0, 1, 1], 'bool'), a, b.square()) },
};

describe("the library's operations train on wasm as on the cpu backend", () => {
  for (const [name, { shapes, operation }] of Object.entries(operations)) {
    it(name, async () => {
      const random = randomSource(31);
      const inputs = shapes.map((shape) => randomNumbers(shape, random));
      const { reference, tested } = await onBothBackends(operation, inputs, random);
      expectClose(tested.value, reference.value, 'value');
      expect(tested.gradients.length).toBe(inputs.length);
      tested.gradients.forEach((gradient, index) =>
        expectClose(gradient, reference.gradients[index], `gradient ${index}`),
      );
    });
  }
});
