import { beforeAll, describe, expect, it } from 'vitest';
import {
  firstImages,
  freeze,
  initializeBackend,
  quantizeModel,
  quantizersOf,
  tf,
  train,
  withoutQuantizers,
} from '../../../src/autograd/index.js';
import type { QuantizationInput } from '../../../src/autograd/index.js';
import type { Quantizer } from '../../../src/autograd/index.js';
import type { WeightedLayer } from '../../../src/autograd/layers/weighted-layer.js';
import { buildNetwork } from '../../../src/autograd/quantize/build.js';
import { equalizeChannels } from '../../../src/autograd/quantize/equalization.js';
import { readFloatModel } from '../../../src/autograd/quantize/float-model.js';
import { planNetwork } from '../../../src/autograd/quantize/plan.js';
import { modelWeights } from '../../../src/autograd/train/model-weights.js';
import { bars } from '../../train/synthetic.js';
import { everything, functions, randomize, small } from './float-networks.js';

const data = bars({ train: 300, test: 100 });
const calibration = { images: 64, statisticsImages: 128 };
const input = { wordLength: 8, binaryPoint: 8, signed: false };
const untouched = { images: 8, statisticsImages: 8, biasCorrection: false, greedyPasses: 0 };
const bits = (wordLength: number): QuantizationInput => ({ weights: { wordLength }, activations: { wordLength } });

beforeAll(() => initializeBackend());

/** Logits of the float network: its softmax undone but for a constant an image. */
function logitsOf(model: tf.LayersModel, x: tf.Tensor): Float32Array {
  return tf.tidy(() => {
    const y = model.apply(x, { training: false }) as tf.Tensor;
    const log = y.log();
    return log.sub(log.mean(-1, true)).dataSync() as Float32Array;
  });
}

function centred(model: tf.LayersModel, x: tf.Tensor): Float32Array {
  return tf.tidy(() => {
    const y = model.apply(x, { training: false }) as tf.Tensor;
    return y.sub(y.mean(-1, true)).dataSync() as Float32Array;
  });
}

function expectClose(actual: Float32Array, expected: Float32Array): void {
  const largest = expected.reduce((found, value) => Math.max(found, Math.abs(value)), 0);
  const worst = expected.reduce((found, value, index) => Math.max(found, Math.abs(value - actual[index])), 0);
  expect(worst / largest).toBeLessThan(1e-5);
}

describe('a converted network without its quantizers is the float one', () => {
  const x = () => firstImages(data.test, data.shape, 20);

  const convert = (float: tf.LayersModel, batchNormalization: 'keep' | 'fold') =>
    buildNetwork(planNetwork(readFloatModel(float), batchNormalization, 'test'), bits(4), input, 'test');

  it.each(['keep', 'fold'] as const)('with BatchNorm: %s', (batchNormalization) => {
    const float = everything();
    const model = convert(float, batchNormalization);
    const kept = model.layers.some(({ name }) => name === 'norm');
    expect(kept).toBe(batchNormalization === 'keep');
    expectClose(
      withoutQuantizers(() => centred(model, x())),
      logitsOf(float, x()),
    );
  });

  it('with functions, gates and a dense layer over pixels', () => {
    const float = functions();
    const model = convert(float, 'keep');
    expectClose(
      withoutQuantizers(() => centred(model, x())),
      tf.tidy(() => centred(float, x())),
    );
    const classes = Object.fromEntries(model.layers.map((layer) => [layer.name, layer.getClassName()]));
    expect(classes).toMatchObject({ stem_tanh: 'QfxTanh', mixed_silu: 'QfxSilu', zeros: 'QfxZeroPadding2d' });
    expect(classes).toMatchObject({ short: 'QfxLeakyRelu', long: 'QfxPrelu', none: 'QfxRelu', each: 'QfxPrelu' });
  });

  it('with channels that were equalized, whose weights lose less', () => {
    const float = everything();
    const model = convert(float, 'keep');
    const conv = model.getLayer('conv') as WeightedLayer;
    // Channels of all sizes, and one of zeros.
    tf.tidy(() => {
      float.getLayer('conv').setWeights([float.getLayer('conv').getWeights()[0].mul([1, 0.01, 0, 30])]);
      conv.weights[0].write(float.getLayer('conv').getWeights()[0]);
    });
    tf.tidy(() => void model.apply(x(), { training: false })); // places the binary points
    const weights = conv.quantizers.get('weights') as Quantizer;
    const loss = () =>
      tf.tidy(() => {
        const exact = conv.kernelValues;
        const lost = weights.apply(exact, { training: false }).sub(exact).square().sum([0, 1, 2]);
        return [...lost.divNoNan(exact.square().sum([0, 1, 2])).dataSync()];
      });
    const before = loss();
    expect(equalizeChannels(model)).toBe(1);
    const after = loss();
    expectClose(
      withoutQuantizers(() => centred(model, x())),
      logitsOf(float, x()),
    );
    expect(before[1]).toBe(1);
    expect(after[2]).toBe(0);
    after.forEach((lost, channel) => expect(lost).toBeLessThanOrEqual(before[channel]));
    for (const lost of after) expect(lost).toBeLessThan(0.02);
  });

  it('and says what became of each layer', async () => {
    const { model, report } = await quantizeModel(everything(), {
      ...bits(8),
      data,
      batchNormalization: 'fold',
      calibration: untouched,
      evaluatedImages: 0,
    });
    const became = Object.fromEntries(
      report.conversions.map(({ layer, became: made, note }) => [layer, [...made, note]]),
    );
    expect(became).toMatchObject({
      image: ['image', undefined],
      scaled: ['scaled', undefined],
      zeros: ['folded into stem'],
      stem: ['stem', 'stem_relu', undefined],
      norm: ['folded into conv'],
      depthwise: ['depthwise', undefined],
      dropped: ['dropped: it does nothing in inference'],
      linear: ['dropped: it does nothing in inference'],
      hidden_norm: ['hidden_norm', expect.stringMatching(/^kept: /)],
      classes: ['classes', expect.stringMatching(/softmax/)],
    });
    const names = report.conversions.flatMap(({ became: made }) => made);
    expect(
      model.layers
        .slice(1)
        .map(({ name }) => name)
        .sort(),
    ).toEqual([...names].sort());
  });
});

it('takes a model whose layer has the name that the tensor library would choose next for an input', async () => {
  const number = Number(/\d+$/.exec(tf.input({ shape: [1] }).name)?.[0]);
  const image = tf.input({ shape: [...data.shape], name: `input${number + 1}` });
  const flat = tf.layers.flatten().apply(image);
  const logits = tf.layers.dense({ units: data.classes.length }).apply(flat) as tf.SymbolicTensor;
  const float = tf.model({ inputs: image, outputs: logits });
  const { model } = await quantizeModel(float, { ...bits(8), data, calibration: untouched, evaluatedImages: 0 });
  expect(model.layers[1].name).toBe(image.name);
});

describe('without training', () => {
  it('each step brings the output closer to the float one, and both errors are measured', async () => {
    const { report } = await quantizeModel(small(), { ...bits(4), data, calibration });
    const errors = report.steps.map(({ outputError }) => outputError);
    expect(report.steps.map(({ name }) => name)).toEqual([
      'placed',
      'statistics measured again',
      'channels equalized',
      'bias corrected',
      'neighbours tried',
    ]);
    errors.slice(1).forEach((error, index) => expect(error).toBeLessThanOrEqual(errors[index]));
    expect(errors[4]).toBeLessThan(errors[0]);
    expect(report.floatAccuracy).toBeGreaterThanOrEqual(0);
    for (const { accuracy } of report.steps) expect(accuracy).toBeGreaterThanOrEqual(0);
    for (const { meanSquaredError } of report.quantizers) expect(meanSquaredError).toBeGreaterThanOrEqual(0);
  });

  it('repeats bit for bit, and another seed calibrates on other images', async () => {
    const quantized = async (seed: number) => {
      const { model, report } = await quantizeModel(small(), { ...bits(4), data, calibration, seed });
      return { weights: modelWeights(model).map(({ read }) => [...read()]), steps: report.steps };
    };
    const first = await quantized(1);
    expect(await quantized(1)).toEqual(first);
    expect((await quantized(2)).steps).not.toEqual(first.steps);
  });

  it('leaves the float network alone', async () => {
    const float = small();
    const before = modelWeights(float).map(({ read }) => [...read()]);
    await quantizeModel(float, { ...bits(4), data, calibration });
    expect(modelWeights(float).map(({ read }) => [...read()])).toEqual(before);
  });

  it('leaks no tensors', async () => {
    const float = small();
    const options = { ...bits(4), data, calibration };
    const { numTensors } = tf.memory();
    const { model } = await quantizeModel(float, options);
    const own = modelWeights(model).length;
    expect(tf.memory().numTensors - numTensors).toBe(own);
  });

  it('takes a network whatever the name of its input is, also the next automatic one', async () => {
    const next = () => {
      const { name } = tf.input({ shape: [1] }).sourceLayer;
      return name.replace(/\d+$/, (number) => String(Number(number) + 1));
    };
    for (const name of [next, () => 'images']) {
      const image = tf.input({ shape: [8, 8, 1], name: name() });
      const flat = tf.layers.flatten().apply(image);
      const classes = tf.layers.dense({ units: 3 }).apply(flat) as tf.SymbolicTensor;
      const options = { ...bits(8), data, calibration: untouched, evaluatedImages: 0 };
      const { model } = await quantizeModel(tf.model({ inputs: image, outputs: classes }), options);
      expect(model.layers[1].name).toBe(image.sourceLayer.name);
    }
  });

  it('takes word lengths by role and by name, K-hot and given binary points', async () => {
    const { model, report } = await quantizeModel(small(), {
      data,
      weights: { wordLength: 5 },
      accumulators: { wordLength: 12 },
      named: { classes: { weights: { wordLength: 8, kHot: { terms: 2 } }, bias: { binaryPoint: 3 } } },
      calibration,
    });
    const typeOf = (name: string, wanted: string) =>
      report.quantizers.find(({ layer, role }) => layer === name && role === wanted)?.type;
    expect(typeOf('conv', 'weights')?.wordLength).toBe(5);
    expect(typeOf('conv', 'output')?.wordLength).toBe(12);
    expect(typeOf('classes', 'weights')?.kHot).toEqual({ terms: 2, digits: 'signed' });
    expect(typeOf('classes', 'bias')?.binaryPoint).toBe(3);
    expect(quantizersOf(model)).toHaveLength(report.quantizers.length);
  });

  it('makes a network of functions and gates that freezes', async () => {
    const { model, report } = await quantizeModel(functions(), { ...bits(8), data, calibration, evaluatedImages: 0 });
    const graph = freeze(model, { samples: firstImages(data.test, data.shape, 64) });
    const operations = new Set(graph.nodes.map(({ operation }) => operation));
    for (const operation of ['table', 'multiply', 'maximum', 'prelu', 'leaky-relu', 'softmax', 'up-sampling2d'])
      expect(operations).toContain(operation);
    const [first, last] = [report.steps[0], report.steps.at(-1)!];
    expect(last.outputError).toBeLessThanOrEqual(first.outputError);
  });

  it('makes a network that freezes and trains on', async () => {
    const { model } = await quantizeModel(small(), { ...bits(4), data, calibration });
    const samples = firstImages(data.test, data.shape, 64);
    expect(freeze(model, { samples }).nodes.map(({ name }) => name)).toContain('classes');
    const again = await quantizeModel(small(), { ...bits(4), data, calibration });
    const learningRate = { schedule: 'cosine', rate: 0.03 } as const;
    const { test } = await train({ model: again.model, data, epochs: 4, batchSize: 20, workers: 1, learningRate });
    expect(test.accuracy).toBeGreaterThan(0.5);
  });
});

describe('refusals', () => {
  const attempt = (model: tf.LayersModel, options: object = {}) =>
    quantizeModel(model, { data, calibration, ...options } as Parameters<typeof quantizeModel>[1]);
  const { layers } = tf;
  const ending = (...middle: tf.layers.Layer[]) => {
    const end = [layers.flatten(), layers.dense({ units: 3, name: 'end' })];
    return tf.sequential({ layers: [layers.inputLayer({ inputShape: [8, 8, 1] }), ...middle, ...end] });
  };

  it('names all layers that cannot be converted in one error', async () => {
    const model = ending(
      layers.conv2d({ name: 'soft', filters: 2, kernelSize: 3, activation: 'softplus' }),
      layers.elu({ name: 'exponential' }),
      layers.prelu({ name: 'slopes' }),
      layers.upSampling2d({ name: 'smooth', interpolation: 'bilinear' }),
      layers.maxPooling2d({ name: 'pool', poolSize: 2 }),
      layers.softmax({ name: 'rows', axis: 1 }),
    );
    await expect(attempt(model)).rejects.toThrow(
      /cannot be converted:\n {2}- layer "soft" \(Conv2D\): activation softplus, allowed: linear, relu, .*\n {2}- layer "exponential" \(ELU\): allowed classes: Dense, .*\n.*"slopes" \(PReLU\): slopes of shape \[6, 6, 2\], allowed: one a channel.*\n.*"smooth" \(UpSampling2D\): interpolation bilinear, allowed: nearest\n.*"rows" \(Softmax\): axis 1, allowed: the last one/,
    );
  });

  it.each<[string, () => tf.layers.Layer, RegExp]>([
    [
      'channels first',
      () => layers.averagePooling2d({ poolSize: 1, dataFormat: 'channelsFirst' }),
      /dataFormat channelsFirst/,
    ],
    ['another axis', () => layers.batchNormalization({ axis: 1 }), /axis 1, allowed: the last one/],
    ['another axis of a softmax', () => layers.softmax({ axis: 2 }), /axis 2, allowed: the last one/],
    [
      'dilation that is not computed',
      () => layers.depthwiseConv2d({ kernelSize: 3, dilationRate: 2 }),
      /dilationRate 2,2, allowed: 1/,
    ],
  ])('%s', async (_, layer, message) => {
    await expect(attempt(ending(layer()))).rejects.toThrow(message);
  });

  it('layers in two places, and sums that are spread', async () => {
    const image = tf.input({ shape: [8, 8, 1] });
    const shared = layers.conv2d({ name: 'shared', filters: 1, kernelSize: 3, padding: 'same' });
    const twice = shared.apply(shared.apply(image)) as tf.SymbolicTensor;
    const pooled = layers.maxPooling2d({ poolSize: 8 }).apply(twice);
    const spread = layers.add({ name: 'spread' }).apply([twice, pooled] as tf.SymbolicTensor[]);
    const logits = layers.dense({ units: 3 }).apply(layers.flatten().apply(spread));
    const model = tf.model({ inputs: image, outputs: logits as tf.SymbolicTensor });
    await expect(attempt(model)).rejects.toThrow(
      /"shared" \(Conv2D\): is used in more than one place[^]*"spread" \(Add\): inputs of shapes/,
    );
    const product = layers.multiply({ name: 'product' }).apply([image, image, image]) as tf.SymbolicTensor;
    const end = layers.dense({ units: 3 }).apply(layers.flatten().apply(product)) as tf.SymbolicTensor;
    await expect(attempt(tf.model({ inputs: image, outputs: end }))).rejects.toThrow(
      /"product" \(Multiply\): 3 inputs, allowed: two/,
    );
  });

  it('options, data and images that do not fit', async () => {
    await expect(attempt(small(), { wordLength: 8 })).rejects.toThrow(/quantizeModel: unknown key "wordLength"/);
    await expect(attempt(small(), { weights: { bits: 8 } })).rejects.toThrow(/weights: unknown key "bits"/);
    await expect(attempt(small(), { named: { 'cnv*': {} } })).rejects.toThrow(/no layer matches "cnv\*"/);
    await expect(attempt(small(), { calibration: { images: 301 } })).rejects.toThrow(/301 images, but .* has 300/);
    const other = tf.sequential({ layers: [layers.dense({ inputShape: [8], units: 3 })] });
    await expect(attempt(randomize(other, 3))).rejects.toThrow(/takes \[8\]; images of "bars" are/);
  });

  it('ends when asked to', async () => {
    const controller = new AbortController();
    const onProgress = () => controller.abort(new Error('enough'));
    await expect(attempt(small(), { signal: controller.signal, onProgress })).rejects.toThrow('enough');
  });
});
