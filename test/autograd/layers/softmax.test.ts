import { beforeAll, describe, expect, it } from 'vitest';
import { createLayers, initializeBackend, Quantizer, tf } from '../../../src/autograd/index.js';
import { expectClose, gradientsOf, randomNumbers, randomSource } from '../kernels/support.js';
import { describeLayer } from './contract.js';

describeLayer({
  kind: 'softmax',
  trials: 24,
  sample: (layers, random) => ({
    layer: layers.softmax({
      exponentialWordLength: random.integer(1, 16),
      reciprocalWordLength: random.integer(1, 16),
    }),
    inputShapes: [random.next() < 0.5 ? [random.integer(1, 12)] : [2, 3, random.integer(1, 5)]],
  }),
});

const q = createLayers();

describe('softmax', () => {
  beforeAll(() => initializeBackend('wasm'));
  const values = randomNumbers([64, 10], randomSource(3));
  // On the grid of the input below, and now and then equal.
  values.values.forEach((value, index) => (values.values[index] = Math.round(value * 100) / 16));
  const build = (options: Parameters<typeof q.softmax>[0]) => {
    const layer = q.softmax(options);
    const input = q.input({ inputShape: [10], signed: true, wordLength: 8, binaryPoint: 4 });
    return { layer, model: tf.sequential({ layers: [input, layer] }) };
  };

  it('is within the precision of its tables of the real one', () => {
    for (const bits of [6, 10, 14]) {
      const options = { exponentialWordLength: bits, reciprocalWordLength: bits };
      const { model } = build({ ...options, output: { wordLength: 16, binaryPoint: 16 } });
      const x = tf.tensor(values.values, values.shape);
      const error = (model.predict(x) as tf.Tensor).sub(x.softmax()).abs().max().dataSync()[0];
      expect(error).toBeLessThan(6 * 2 ** -bits);
    }
  });

  it('gives the same in training as in inference', () => {
    const { layer, model } = build({ output: { wordLength: 5 } });
    const x = tf.tensor(values.values, values.shape);
    layer.call(x, { training: true }); // finds the binary point
    const trained = layer.call(x, { training: true }) as tf.Tensor;
    expect(trained.dataSync()).toEqual((model.predict(x) as tf.Tensor).dataSync());
  });

  it('passes the gradient of the real one', () => {
    const output = { signed: false, wordLength: 9, binaryPoint: 8 };
    const { layer } = build({ output });
    const cast = new Quantizer(output, 'output');
    const dy = randomNumbers([64, 10], randomSource(8));
    const [own, real] = [
      (x: tf.Tensor) => layer.call(x, { training: true }) as tf.Tensor,
      (x: tf.Tensor) => cast.apply(x.softmax(), { training: true }),
    ].map((operation) => gradientsOf(operation, [values], () => dy).gradients[0]);
    expectClose(own, real, 'dx');
  });

  it('refuses an input so fine that its table would not end', () => {
    const layer = q.softmax({ name: 'fine', exponentialWordLength: 16 });
    const input = q.input({ inputShape: [2], wordLength: 20, binaryPoint: 16 });
    const model = tf.sequential({ layers: [input, layer] });
    expect(() => model.predict(tf.zeros([1, 2]))).toThrow(
      'layer "fine": its exponentials take more than 65536 words; give its input fewer bits behind the binary point',
    );
  });
});
