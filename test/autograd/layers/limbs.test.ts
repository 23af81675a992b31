import { beforeAll, describe, expect, it } from 'vitest';
import { createLayers, freeze, initializeBackend, quantizersOf, tf } from '../../../src/autograd/index.js';
import { planLimbs } from '../../../src/autograd/layers/limbs.js';
import type { IntegerTensor } from '../../../src/qfx/number/raw-array.js';
import { Random } from './random.js';

beforeAll(() => initializeBackend('wasm'));

/** Weights [count, 1] of one raw value. */
function constantWeights(count: number, raw: number, wordLength: number): IntegerTensor {
  const format = { signed: true, wordLength, binaryPoint: 0 };
  return { shape: [count, 1], format, raw: new Float64Array(count).fill(raw) };
}

const byte = { signed: false, wordLength: 8, binaryPoint: 0 };

describe('the 2^24 rule', () => {
  it('takes one float32 product while sums of |x| |w| stay within 2^24 units', () => {
    // 255 * 257 * 256 = 2^24 - 256
    const plan = planLimbs(byte, constantWeights(257, 256, 10), 'layer "d"');
    expect([plan.input.count, plan.weights.count]).toEqual([1, 1]);
  });

  it('splits an operand beyond', () => {
    const plan = planLimbs(byte, constantWeights(258, 256, 10), 'layer "d"');
    expect(plan.input.count * plan.weights.count).toBe(2);
  });

  it('looks at the real weights, output by output, not at their type', () => {
    const weights = constantWeights(4096, 0, 16);
    weights.raw[7] = 32767;
    const plan = planLimbs(byte, weights, 'layer "d"');
    expect(plan.input.count * plan.weights.count).toBe(1);
  });

  it('counts units of the finest weight of an output, where weights have binary points of their own', () => {
    const weights = (finest: number): IntegerTensor => ({
      shape: [2, 2],
      format: {
        signed: true,
        wordLength: { elements: [9, 9, 9, 0] },
        binaryPoint: { elements: [0, 0, finest, 40] },
      },
      raw: Float64Array.of(255, 255, 1, 0),
    });
    // 255 * (255 * 2^8 + 1) < 2^24; a weight without bits has no last bit.
    expect(planLimbs(byte, weights(8), 'layer "d"').weights.count).toBe(1);
    const { input, weights: split } = planLimbs(byte, weights(9), 'layer "d"');
    expect(input.count * split.count).toBe(2);
    expect(() => planLimbs(byte, weights(120), 'layer "d"')).toThrow(/layer "d": .* need 136 bits/);
  });

  it('names layer and bits where no split helps', () => {
    const wide = { signed: true, wordLength: 24, binaryPoint: 0 };
    expect(() => planLimbs(wide, constantWeights(40000, 2 ** 23 - 1, 24), 'layer "d"')).toThrow(
      /layer "d": .* need 62 bits/,
    );
  });

  it('refuses products too large for float32', () => {
    const huge = { signed: true, wordLength: 8, binaryPoint: -60 };
    const weights = constantWeights(1, 1, 8);
    const format = { ...weights.format, binaryPoint: -60 };
    expect(() => planLimbs(huge, { ...weights, format }, 'layer "d"')).toThrow(/layer "d": .*too large for float32/);
  });
});

/** A network of one layer over an input of wide words. */
function wideNetwork(
  wordLength: number,
  shape: number[],
  make: (layers: ReturnType<typeof createLayers>) => tf.layers.Layer,
) {
  const layers = createLayers({
    weights: { wordLength, binaryPoint: wordLength },
    bias: { wordLength: 20, binaryPoint: 30 },
    activations: { wordLength: 20 },
    accumulators: { wordLength: 24 },
    seed: 3,
  });
  return tf.sequential({
    layers: [
      layers.input({ name: 'input', inputShape: shape, wordLength, binaryPoint: 10, signed: true }),
      make(layers),
    ],
  });
}

function wideSamples(wordLength: number, shape: number[]): tf.Tensor {
  const random = new Random(wordLength);
  const half = 2 ** (wordLength - 1);
  const count = shape.reduce((product, size) => product * size, 64);
  const values = Float32Array.from({ length: count }, () => random.integer(-half, half - 1) / 1024);
  return tf.tensor(values, [64, ...shape]);
}

describe('inference beyond 24 bits', () => {
  it.each([12, 16, 20])('is exact with %i-bit operands, in dense', (wordLength) => {
    const model = wideNetwork(wordLength, [60], (layers) => layers.dense({ name: 'd', units: 7 }));
    const graph = freeze(model, { samples: wideSamples(wordLength, [60]) });
    expect(graph.nodes[1].exactType.wordLength).toBeGreaterThan(24);
  });

  it.each([12, 18])('is exact with %i-bit operands, in convolutions', (wordLength) => {
    const options = { name: 'c', kernelSize: 3, padding: 'same' } as const;
    const model = wideNetwork(wordLength, [5, 4, 6], (layers) => layers.conv2d({ ...options, filters: 4, groups: 2 }));
    freeze(model, { samples: wideSamples(wordLength, [5, 4, 6]) });
    const depthwise = wideNetwork(wordLength, [5, 4, 6], (layers) => layers.depthwiseConv2d(options));
    freeze(depthwise, { samples: wideSamples(wordLength, [5, 4, 6]) });
  });

  it('is exact with binary points that are far apart within one sum', () => {
    const layers = createLayers({ activations: { wordLength: 20 }, accumulators: { wordLength: 24 }, seed: 3 });
    const weights = { wordLength: { initial: 8, maximum: 12 }, granularity: 'element' } as const;
    const model = tf.sequential({
      layers: [
        layers.input({ name: 'input', inputShape: [60], wordLength: 12, binaryPoint: 10, signed: true }),
        layers.dense({ name: 'd', units: 7, useBias: false, weights }),
      ],
    });
    const samples = wideSamples(12, [60]);
    model.predict(samples);
    const [{ quantizer }] = quantizersOf(model).filter(({ role }) => role === 'weights');
    quantizer.freezeAt(quantizer.binaryPoints.map((_, index) => 6 + (index % 11)));
    const graph = freeze(model, { samples });
    expect(graph.nodes[1].exactType.wordLength).toBeGreaterThan(24);
  });

  it('is exact where float32 would not be', () => {
    const model = wideNetwork(16, [60], (layers) => layers.dense({ name: 'd', units: 7, useBias: false }));
    const samples = wideSamples(16, [60]);
    const kernel = model.layers[1].getWeights()[0];
    const quantized = kernel
      .mul(2 ** 16)
      .add(0.5)
      .floor()
      .clipByValue(-(2 ** 15), 2 ** 15 - 1)
      .mul(2 ** -16);
    const float = Array.from(samples.matMul(quantized).dataSync());
    const integers = (tensor: tf.Tensor, scale: number) =>
      Array.from(tensor.dataSync(), (value) => BigInt(value * scale));
    const [x, w] = [integers(samples, 2 ** 10), integers(quantized, 2 ** 16)];
    const isRounded = float.some((value, index) => {
      const [row, column] = [Math.floor(index / 7), index % 7];
      let sum = 0n;
      for (let feature = 0; feature < 60; feature++) sum += x[row * 60 + feature] * w[feature * 7 + column];
      return BigInt(value * 2 ** 26) !== sum;
    });
    expect(isRounded).toBe(true);
    expect(() => freeze(model, { samples })).not.toThrow();
  });

  it('is exact in pooling and batch normalisation', () => {
    const pooled = wideNetwork(24, [8, 8, 2], (layers) =>
      layers.averagePooling2d({ poolSize: 5, strides: 2, padding: 'same' }),
    );
    freeze(pooled, { samples: wideSamples(24, [8, 8, 2]) });
    const global = wideNetwork(24, [8, 8, 2], (layers) => layers.globalAveragePooling2d());
    freeze(global, { samples: wideSamples(24, [8, 8, 2]) });
    const scale = { wordLength: 20, binaryPoint: 18 };
    const normalized = wideNetwork(24, [3, 2], (layers) => layers.batchNormalization({ scale, offset: scale }));
    freeze(normalized, { samples: wideSamples(24, [3, 2]) });
  });

  it.each([12, 13, 20, 24])('is exact with %i-bit operands, in products of tensors', (wordLength) => {
    const layers = createLayers({ accumulators: { wordLength: 24 } });
    const format = { inputShape: [9], wordLength, binaryPoint: 10 };
    const inputs = ['left', 'right'].map((name, index) => {
      const input = tf.input({ name, shape: [9] });
      return { input, declared: layers.input({ ...format, signed: index === 0 }).apply(input) as tf.SymbolicTensor };
    });
    const output = layers.multiply().apply(inputs.map(({ declared }) => declared)) as tf.SymbolicTensor;
    const model = tf.model({ inputs: inputs.map(({ input }) => input), outputs: output });
    const samples = [wideSamples(wordLength, [9]), wideSamples(wordLength, [9]).abs()];
    const graph = freeze(model, { samples });
    expect(graph.nodes[2].exactType.wordLength).toBe(2 * wordLength);
  });

  it.each([12, 16, 24])('is exact with %i-bit operands, in rectifiers with a slope', (wordLength) => {
    // The widest that still fit the 52 bits of an exact result, and a slope of -1 unit, whose limbs cancel.
    const alpha = { wordLength: Math.min(wordLength, 20), binaryPoint: 12 };
    const model = wideNetwork(wordLength, [9], (layers) => layers.prelu({ alpha }));
    const [slopes, ...others] = model.layers[1].getWeights();
    const values = Array.from({ length: 9 }, (_, index) => [-1, 1, 100.3, -127.9][index % 4] / (index < 4 ? 1 : 4096));
    model.layers[1].setWeights([tf.tensor(values, slopes.shape), ...others]);
    freeze(model, { samples: wideSamples(wordLength, [9]) });
    const leaky = wideNetwork(wordLength, [9], (layers) => layers.leakyRelu({ alpha: Math.fround(0.3) }));
    freeze(leaky, { samples: wideSamples(wordLength, [9]) });
  });

  it('refuses products of tensors too large for float32', () => {
    const layers = createLayers();
    const huge = layers.input({ inputShape: [3], wordLength: 8, binaryPoint: -60 });
    const model = tf.sequential({ layers: [huge] });
    const square = layers.multiply({ name: 'square' }).apply([model.outputs[0], model.outputs[0]]) as tf.SymbolicTensor;
    const network = tf.model({ inputs: model.inputs, outputs: square });
    expect(() => network.predict(tf.zeros([1, 3]))).toThrow(/layer "square": .*too large for float32/);
  });

  it('rounds once, also where the result has just a few bits more than float32', () => {
    const scale = { wordLength: 16, binaryPoint: 0 };
    // 12 bits times 16 bits; float32 would round to 24 of the 27 bits before the cast cuts off three.
    const output = { wordLength: 24, binaryPoint: 7, rounding: 'AP_TRN' } as const;
    const model = wideNetwork(12, [9], (layers) => layers.batchNormalization({ name: 'norm', scale, output }));
    const [gamma, ...others] = model.layers[1].getWeights();
    model.layers[1].setWeights([gamma.mul(32003), ...others]);
    const graph = freeze(model, { samples: wideSamples(12, [9]) });
    expect(graph.nodes[1].exactType).toMatchObject({ wordLength: 27, binaryPoint: 10 });
  });

  it('is refused by name where doubles end', () => {
    const model = wideNetwork(24, [2000], (layers) => layers.dense({ name: 'wide', units: 2 }));
    model.layers[1].setWeights(model.layers[1].getWeights().map((weight) => weight.mul(100)));
    expect(() => model.predict(wideSamples(24, [2000]))).toThrow(/layer "wide": its exact result needs \d+ bits/);
  });

  it('refuses an exact output of more than 24 bits', () => {
    const model = wideNetwork(16, [60], (layers) => layers.dense({ name: 'wide', units: 2, output: 'exact' }));
    expect(() => model.predict(wideSamples(16, [60]))).toThrow(/layer "wide": output "exact" is ap_fixed<\d+, -?\d+>/);
  });

  it('refuses binary points beyond +-60', () => {
    const layers = createLayers({ weights: { wordLength: 4, binaryPoint: 40 }, accumulators: 'exact' });
    const input = layers.input({ inputShape: [3], wordLength: 4, binaryPoint: 40 });
    const model = tf.sequential({ layers: [input, layers.dense({ name: 'tiny', units: 2, useBias: false })] });
    model.layers[1].setWeights([tf.ones([3, 2]).mul(2 ** -39)]);
    expect(() => model.predict(tf.zeros([1, 3]))).toThrow(/layer "tiny": its exact output has binary point 80/);
    expect(() => createLayers().input({ wordLength: 8, binaryPoint: 61 })).toThrow(/binaryPoint/);
  });
});
