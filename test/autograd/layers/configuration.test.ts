import { beforeAll, describe, expect, it } from 'vitest';
import { createLayers, initializeBackend, tf } from '../../../src/autograd/index.js';
import { unmatchedPatterns } from '../../../src/autograd/layers/index.js';
import type { LayerDefaults } from '../../../src/autograd/index.js';

beforeAll(() => initializeBackend('wasm'));

describe('createLayers', () => {
  it("puts a layer's own options over the defaults of the model", () => {
    const layers = createLayers({
      weights: { wordLength: 4, rounding: 'AP_RND_CONV' },
      activations: { wordLength: 5 },
    });
    const config = layers.dense({ units: 3, weights: { granularity: 'channel' }, bias: { wordLength: 7 } }).getConfig();
    expect(config).toMatchObject({
      units: 3,
      weights: { wordLength: 4, rounding: 'AP_RND_CONV', granularity: 'channel', overflow: 'AP_SAT', signed: true },
      bias: { wordLength: 7, rounding: 'AP_RND', binaryPoint: 'learned' },
      // Accumulators have 4 bits more than activations.
      output: { wordLength: 9, signed: true },
    });
    expect(layers.relu().getConfig().output).toMatchObject({ wordLength: 5, signed: false });
    expect(layers.relu({ output: 'exact' }).getConfig().output).toBe('exact');
    expect(createLayers({ accumulators: 'exact' }).add().getConfig().output).toBe('exact');
  });

  it('puts defaults by name over those of the model, later patterns over earlier ones', () => {
    const layers = createLayers({
      weights: { wordLength: 8, granularity: 'channel' },
      named: {
        'block1_*': { weights: { wordLength: 4 }, accumulators: 'exact' },
        '*_conv': { weights: { kHot: { terms: 2 } } },
      },
    });
    const weightsOf = (name: string, weights = {}) => layers.dense({ name, units: 2, weights }).getConfig().weights;
    const signedTwo = { terms: 2, digits: 'signed', projection: 'nearest' };
    expect(weightsOf('block1_conv')).toMatchObject({ wordLength: 4, granularity: 'channel', kHot: signedTwo });
    expect(weightsOf('block2_conv')).toMatchObject({ wordLength: 8, granularity: 'channel', kHot: signedTwo });
    expect(weightsOf('block2_conv', { wordLength: 5, kHot: undefined })).toMatchObject({ wordLength: 5 });
    expect(weightsOf('block2_conv', { kHot: undefined })).not.toHaveProperty('kHot.terms');
    expect(weightsOf('block2_convolution')).not.toHaveProperty('kHot');
    expect(layers.add({ name: 'block1_add' }).getConfig().output).toBe('exact');
    expect(unmatchedPatterns(layers)).toEqual([]);
    expect(unmatchedPatterns(createLayers({ named: { 'a.*': {}, '*': {} } }))).toEqual(['a.*', '*']);
  });

  it('gives outputs of pooling, concatenate and requantize the sign of what comes in', () => {
    const layers = createLayers();
    const signOf = (signed: boolean) => {
      const declared = layers.input({ wordLength: 4, binaryPoint: 2, signed }).apply(tf.input({ shape: [4, 4, 1] }));
      const flat = layers.maxPooling2d().apply(declared) as tf.SymbolicTensor;
      const layer = layers.requantize();
      layer.apply(tf.layers.flatten().apply(flat) as tf.SymbolicTensor);
      return (layer.getConfig().output as { signed: boolean }).signed;
    };
    expect([signOf(true), signOf(false)]).toEqual([true, false]);
  });

  it('makes initial weights repeatable, and different from layer to layer', () => {
    const kernels = () => {
      const layers = createLayers({ seed: 8 });
      return [layers.dense({ units: 4 }), layers.dense({ units: 4 })].map((layer) => {
        layer.build([null, 5]);
        return Array.from(layer.getWeights()[0].dataSync());
      });
    };
    const [first, second] = kernels();
    expect(kernels()).toEqual([first, second]);
    expect(first).not.toEqual(second);
  });

  it.each<[string, () => unknown, RegExp]>([
    [
      'an unknown role',
      () => createLayers({ weight: {} } as LayerDefaults),
      /createLayers: unknown key "weight", allowed: weights, bias/,
    ],
    [
      'an unknown role of a pattern',
      () => createLayers({ named: { 'conv*': { output: 'exact' } } } as LayerDefaults),
      /createLayers: named: "conv\*": unknown key "output", allowed: weights, bias/,
    ],
    [
      'too many K-hot terms',
      () => createLayers({ weights: { kHot: { terms: 5 } } }),
      /createLayers: weights: kHot.terms: found 5/,
    ],
    [
      'K-hot values between layers',
      () => createLayers().relu({ name: 'r', output: { kHot: { terms: 1 } } }),
      /layer "r": output: kHot, allowed for parameters: weights, bias, scale, offset, alpha/,
    ],
    [
      'K-hot weights with a rounding mode',
      () =>
        createLayers({ weights: { rounding: 'AP_TRN' } }).dense({
          name: 'd',
          units: 1,
          weights: { kHot: { terms: 1 } },
        }),
      /layer "d": weights: kHot with AP_TRN, AP_SAT; it rounds and saturates by itself, leave them out/,
    ],
    [
      'K-hot weights without a magnitude',
      () => createLayers().dense({ name: 'd', units: 1, weights: { wordLength: 1, kHot: { terms: 1 } } }),
      /layer "d": weights: kHot with signed words of 1 bits, allowed: 2 to 16/,
    ],
    [
      'leading ones of signed digits',
      () => createLayers().dense({ name: 'd', units: 1, weights: { kHot: { terms: 1, projection: 'leading-ones' } } }),
      /layer "d": weights: kHot projection "leading-ones" with signed digits, allowed with: digits "plain"/,
    ],
    [
      'binary weights of longer words',
      () => createLayers().dense({ name: 'd', units: 1, weights: { kHot: { terms: 1, projection: 'sign' } } }),
      /layer "d": weights: kHot projection "sign", allowed with: signed words of 2 bits, terms 1/,
    ],
    [
      'an unknown key of a role',
      () => createLayers({ weights: { bits: 4 } } as LayerDefaults),
      /createLayers: weights: unknown key "bits", allowed: wordLength, signed/,
    ],
    [
      "an unknown key of a layer's quantizer",
      () => createLayers().dense({ name: 'd', units: 1, weights: { bits: 4 } } as never),
      /layer "d": weights: unknown key "bits", allowed: wordLength/,
    ],
    [
      'a word length of 25',
      () => createLayers().relu({ name: 'r', output: { wordLength: 25 } }),
      /layer "r": output: wordLength: found 25/,
    ],
    [
      'a type per channel between layers',
      () => createLayers().relu({ name: 'r', output: { granularity: 'channel' } }),
      /layer "r": output: granularity "channel", allowed .*"tensor"/,
    ],
    ['exact weights', () => createLayers({ weights: 'exact' } as never), /createLayers: weights: found "exact"/],
    [
      'strides with dilations',
      () => createLayers().conv2d({ name: 'c', filters: 1, kernelSize: 3, strides: 2, dilations: 2 }),
      /layer "c": strides \[2, 2\] with dilations \[2, 2\]/,
    ],
    [
      'a maximum that float32 lacks',
      () => createLayers().relu({ name: 'r', maximum: 0.1 }),
      /layer "r": maximum: found 0.1/,
    ],
  ])('refuses %s', (_, make, message) => {
    expect(make).toThrow(message);
  });

  it.each<[string, number[], (layers: ReturnType<typeof createLayers>) => tf.layers.Layer, RegExp]>([
    [
      'a convolution of a vector',
      [4],
      (layers) => layers.conv2d({ name: 'c', filters: 1, kernelSize: 1 }),
      /layer "c": .*\[4\]/,
    ],
    [
      'a kernel larger than the image',
      [2, 2, 1],
      (layers) => layers.conv2d({ name: 'c', filters: 1, kernelSize: 3 }),
      /layer "c"/,
    ],
    [
      'groups that do not divide the channels',
      [4, 4, 3],
      (layers) => layers.conv2d({ name: 'c', filters: 4, kernelSize: 1, groups: 2 }),
      /layer "c": groups is 2, which must divide 3 input and 4 output channels/,
    ],
    [
      'a reshape to another size',
      [6],
      (layers) => layers.reshape({ name: 'r', targetShape: [4] }),
      /layer "r": .*needs 4/,
    ],
  ])('refuses %s', (_, shape, make, message) => {
    const layers = createLayers();
    const declared = layers.input({ wordLength: 8, binaryPoint: 8 }).apply(tf.input({ shape })) as tf.SymbolicTensor;
    expect(() => make(layers).apply(declared)).toThrow(message);
  });
});

describe('input', () => {
  it('refuses values that its type does not have, in training too', () => {
    const layers = createLayers();
    const declared = layers.input({ name: 'bytes', inputShape: [2], wordLength: 8, binaryPoint: 8 });
    const model = tf.sequential({ layers: [declared, layers.dense({ units: 1 })] });
    const fine = tf.tensor2d([[0, 255 / 256]]);
    expect(() => model.predict(fine)).not.toThrow();
    for (const bad of [1, -1 / 256, 0.1, NaN]) {
      const message = /layer "bytes": input value .* whole number from 0 to 255, divided by 256/;
      expect(() => model.predict(tf.tensor2d([[0, bad]]))).toThrow(message);
      expect(() => model.apply(tf.tensor2d([[0, bad]]), { training: true })).toThrow(message);
    }
  });
});
