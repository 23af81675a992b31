import { beforeAll, expect, it } from 'vitest';
import { initializeBackend, tf } from '../../../src/autograd/index.js';
import { conversions } from '../../../src/autograd/quantize/conversions.js';
import { readFloatModel } from '../../../src/autograd/quantize/float-model.js';
import { randomize } from './float-networks.js';

beforeAll(() => initializeBackend('wasm'));

it('turns the kernel of a transposed convolution, its outputs last', () => {
  const layer = tf.layers.conv2dTranspose({
    name: 'larger',
    inputShape: [4, 4, 3],
    filters: 2,
    kernelSize: [3, 2],
    strides: 2,
    padding: 'same',
    activation: 'relu',
  });
  const { layers } = readFloatModel(randomize(tf.sequential({ layers: [layer] }), 3));
  const larger = layers.find(({ name }) => name === 'larger');
  const steps = conversions.Conv2DTranspose(larger as NonNullable<typeof larger>);
  const kernel = layer.getWeights()[0].transpose([0, 1, 3, 2]);
  expect(steps).toEqual([
    {
      kind: 'conv2dTranspose',
      options: { filters: 2, kernelSize: [3, 2], strides: [2, 2], padding: 'same', useBias: true },
      weights: {
        kernel: { shape: [3, 2, 3, 2], values: kernel.dataSync() },
        bias: { shape: [2], values: layer.getWeights()[1].dataSync() },
      },
    },
    { kind: 'relu', options: {} },
  ]);
});
