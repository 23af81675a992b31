import { describe, expect, it, vi } from 'vitest';
import { initializeBackend } from '../../../src/autograd/backend.js';
import { tf } from '../../../src/autograd/tensorflow.js';
import { expectClose, onBothBackends, randomNumbers, randomSource } from './support.js';

/** As in a later version of the library that does not show the memory of its module any more. */
function hideMemory(): void {
  const module = (tf.backend() as unknown as { wasm: { asm: Record<string, unknown> } }).wasm;
  module.asm = { ...module.asm, memory: undefined };
}

describe('where the wasm backend does not show its memory', () => {
  it('one warning says so, and the portable forms train', async () => {
    await initializeBackend('wasm');
    hideMemory();
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const random = randomSource(61);
    const inputs = [
      randomNumbers([2, 8, 9, 3], random),
      randomNumbers([3, 3, 3, 5], random),
      randomNumbers([5], random),
    ];
    const network = (x: tf.Tensor, filter: tf.Tensor, bias: tf.Tensor) => {
      const features = tf
        .conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, 2, 'same')
        .add(bias)
        .relu();
      const pooled = tf.maxPool(features as tf.Tensor4D, 2, 2, 'same').sum([1, 2]);
      return tf.matMul(pooled as tf.Tensor2D, pooled as tf.Tensor2D, false, true);
    };
    const { reference, tested } = await onBothBackends(network, inputs, random);
    expectClose(tested.value, reference.value, 'value');
    tested.gradients.forEach((gradient, index) =>
      expectClose(gradient, reference.gradients[index], `gradient of input ${index}`),
    );
    const model = tf.sequential({
      layers: [
        tf.layers.conv2d({ inputShape: [8, 8, 1], filters: 3, kernelSize: 3 }),
        tf.layers.depthwiseConv2d({ kernelSize: 3 }),
        tf.layers.reLU(),
        tf.layers.flatten(),
        tf.layers.dense({ units: 2 }),
      ],
    });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const { history } = await model.fit(tf.ones([4, 8, 8, 1]), tf.ones([4, 2]), { epochs: 2, verbose: 0 });
    expect(history['loss'].every((loss) => Number.isFinite(loss))).toBe(true);
    expect(warn.mock.calls.map(([message]) => String(message))).toEqual([
      expect.stringMatching(/fast kernels are off/),
    ]);
  });
});
