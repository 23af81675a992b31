import { beforeAll, describe, expect, it } from 'vitest';
import { createLayers, initializeBackend, tf } from '../../../src/autograd/index.js';
import { FixedPointLayer } from '../../../src/autograd/layers/layer.js';
import type { Quantizer } from '../../../src/autograd/quantizer.js';
import { expectClose, randomNumbers, randomSource, toNumbers, toTensor } from '../kernels/support.js';
import type { Numbers } from '../kernels/support.js';

beforeAll(() => initializeBackend('wasm'));

type ForwardCast = (inputs: readonly tf.Tensor[], training: boolean, output: Quantizer) => tf.Tensor;
/** The layer's own way, and the one of its base: the result, then its cast. */
const ownWay = (layer: FixedPointLayer) => (layer as unknown as { forwardCast: ForwardCast }).forwardCast;
const inTwoPasses = (FixedPointLayer.prototype as unknown as { forwardCast: ForwardCast }).forwardCast;

const q = createLayers({
  weights: { wordLength: 5 },
  bias: { wordLength: 5 },
  activations: { wordLength: 4 },
  seed: 3,
});
const layers: Record<string, () => tf.layers.Layer> = {
  relu: () => q.relu({}),
  'relu with an end': () => q.relu({ maximum: 0.75 }),
  'relu that truncates': () => q.relu({ output: { rounding: 'AP_TRN' } }),
  batchNormalization: () => q.batchNormalization({}),
  'batchNormalization to few bits': () => q.batchNormalization({ output: { wordLength: 3, rounding: 'AP_RND_CONV' } }),
  dense: () => q.dense({ units: 5 }),
  'dense without bias': () => q.dense({ units: 5, useBias: false }),
};

describe('a layer that casts its result in the same pass', () => {
  for (const [name, make] of Object.entries(layers)) {
    it(`gives the bits and the gradients of two passes: ${name}`, () => {
      const random = randomSource(91);
      const layer = make() as FixedPointLayer;
      const pixels = q.input({ inputShape: [7], wordLength: 12, binaryPoint: 10, signed: true });
      tf.sequential({ layers: [pixels, layer] });
      const numbers = randomNumbers([33, 7], random);
      // Zeros and the ends of a clip are where gradients differ.
      numbers.values.forEach((value, index) => (numbers.values[index] = Math.round(value * 64) / 32));
      const x = toTensor(numbers);
      layer.call(x, { training: true });
      const output = layer.quantizers.get('output') as Quantizer;
      // One bit too little range, so that some values saturate.
      output.positions = output.positions.map((position) => position + 1);
      const variables = layer.trainableWeights.map((weight) => weight.read() as tf.Variable);
      const dy = toTensor(randomNumbers(layer.call(x, { training: true }).shape, random));
      const run = (forwardCast: ForwardCast) => {
        const input = tf.variable(x);
        let value = x;
        const loss = () => {
          value = tf.keep(forwardCast.call(layer, [input], true, output));
          return value.mul(dy).sum().asScalar();
        };
        const { grads } = tf.variableGrads(loss, [input, ...variables]);
        const names = [input, ...variables].map((variable) => variable.name);
        return { value: toNumbers(value), gradients: names.map((variable) => toNumbers(grads[variable])) };
      };
      const [one, two] = [run(ownWay(layer)), run(inTwoPasses)];
      expect(one.value).toEqual(two.value);
      expect(new Set(one.value.values).size).toBeGreaterThan(2);
      one.gradients.forEach((gradient, index) => expectClose(gradient, two.gradients[index], `gradient ${index}`));
      // The library multiplies by a slope of 0, which may give -0.
      const unsigned = ({ values }: Numbers) => values.map((value) => value + 0);
      if (name.startsWith('relu')) expect(unsigned(one.gradients[0])).toEqual(unsigned(two.gradients[0]));
    });
  }
});
