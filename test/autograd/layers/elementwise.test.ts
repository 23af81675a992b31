import { describe, expect, it } from 'vitest';
import { createLayers, freeze, tf } from '../../../src/autograd/index.js';
import { describeLayer } from './contract.js';
import type { Random } from './random.js';

function shapes(random: Random): number[] {
  return random.next() < 0.5
    ? [random.integer(1, 9)]
    : [random.integer(1, 4), random.integer(1, 4), random.integer(1, 5)];
}

describeLayer({
  kind: 'relu',
  trials: 16,
  sample: (layers, random) => ({
    layer: layers.relu(random.next() < 0.5 ? {} : { maximum: random.integer(1, 40) / 2 ** random.integer(0, 6) }),
    inputShapes: [shapes(random)],
  }),
});

describeLayer({
  kind: 'prelu',
  trials: 16,
  sample: (layers, random) => ({ layer: layers.prelu(), inputShapes: [shapes(random)] }),
});

describeLayer({
  kind: 'leakyRelu',
  trials: 16,
  sample: (layers, random) => {
    const alpha = random.next() < 0.5 ? random.integer(1, 40) / 2 ** random.integer(0, 6) : Math.fround(random.next());
    return { layer: layers.leakyRelu({ alpha }), inputShapes: [shapes(random)] };
  },
});

describe('rectifiers with a slope', () => {
  const layers = createLayers({ activations: { wordLength: 24, binaryPoint: 16 }, alpha: { wordLength: 8 } });

  it('train alpha by the sum of what is negative, and x by alpha', () => {
    const layer = layers.prelu();
    const x = tf.tensor2d([-3, 2, -1, -2, 4, -5], [3, 2]);
    layer.apply(x, { training: true }); // Makes its weights, and finds the binary points.
    const { value, grads } = tf.variableGrads(() => tf.sum(layer.apply(x, { training: true }) as tf.Tensor));
    expect(value.dataSync()[0]).toBe(-3 / 4 + 2 - 1 / 4 - 2 / 4 + 4 - 5 / 4);
    const [alpha] = layer.trainableWeights;
    expect(Array.from(grads[alpha.name].dataSync())).toEqual([-4, -7]);
    const ofX = tf.grad((z) => layer.apply(z, { training: true }) as tf.Tensor)(x);
    expect(Array.from(ofX.dataSync())).toEqual([0.25, 1, 0.25, 0.25, 1, 0.25]);
  });

  it('refuse a slope that float32 does not have, and name the nearest', () => {
    expect(() => layers.leakyRelu({ name: 'leaky', alpha: 0.1 })).toThrow(
      'layer "leaky": alpha: found 0.1, which float32 does not have; use 0.10000000149011612',
    );
  });
});

describeLayer({
  kind: 'requantize',
  sample: (layers, random) => ({ layer: layers.requantize(), inputShapes: [shapes(random)] }),
});

describeLayer({
  kind: 'add',
  trials: 16,
  sample: (layers, random) => {
    const shape = shapes(random);
    return { layer: layers.add(), inputShapes: Array.from({ length: random.integer(2, 3) }, () => shape) };
  },
});

for (const kind of ['subtract', 'multiply', 'maximum', 'minimum'] as const) {
  describeLayer({
    kind,
    trials: 16,
    sample: (layers, random) => {
      const shape = shapes(random);
      return { layer: layers[kind](), inputShapes: [shape, shape] };
    },
  });
}

describe('layers of two tensors', () => {
  const layers = createLayers({ activations: 'exact' });
  const declare = (shape: number[], signed: boolean) =>
    layers.input({ wordLength: 4, binaryPoint: 0, signed }).apply(tf.input({ shape })) as tf.SymbolicTensor;

  it('refuse a third one, and other shapes, by name', () => {
    const apply = (...inputs: tf.SymbolicTensor[]) => layers.subtract({ name: 'less' }).apply(inputs);
    const [a, b] = [declare([2, 3], true), declare([3, 2], true)];
    expect(() => apply(a, a, a)).toThrow(
      'layer "less": its inputs have shapes [2, 3], [2, 3], [2, 3], needed: two equal',
    );
    expect(() => apply(a, b)).toThrow('layer "less": its inputs have shapes [2, 3], [3, 2], needed: two equal ones');
  });

  it('are signed where their results may be negative', () => {
    const [natural, integer] = [declare([3], false), declare([3], true)];
    const isSigned = (kind: 'subtract' | 'multiply' | 'maximum' | 'minimum', ...inputs: tf.SymbolicTensor[]) => {
      const layer = layers[kind]();
      layer.apply(inputs);
      return layer.outputIsSigned;
    };
    expect(isSigned('subtract', natural, natural)).toBe(true);
    expect(isSigned('multiply', natural, natural)).toBe(false);
    expect(isSigned('multiply', natural, integer)).toBe(true);
    expect(isSigned('maximum', natural, integer)).toBe(false);
    expect(isSigned('maximum', integer, integer)).toBe(true);
    expect(isSigned('minimum', natural, integer)).toBe(true);
    expect(isSigned('minimum', natural, natural)).toBe(false);
  });
});

describeLayer({
  kind: 'batchNormalization',
  trials: 16,
  sample: (layers, random) => ({ layer: layers.batchNormalization(), inputShapes: [shapes(random)] }),
});

describe('batchNormalization', () => {
  it('forms a from gamma and variance, and b with the quantized a', () => {
    const types = { scale: { wordLength: 3, binaryPoint: 1 }, offset: { wordLength: 20, binaryPoint: 12 } };
    const layers = createLayers(types);
    const input = layers.input({ name: 'bytes', inputShape: [2], wordLength: 8, binaryPoint: 8 });
    const layer = layers.batchNormalization({ name: 'norm', epsilon: 0.25 });
    const model = tf.sequential({ layers: [input, layer] });
    const values: Record<string, number[]> = {
      gamma: [0.8, -1.1],
      beta: [0.5, 2],
      moving_mean: [3, -7.25],
      moving_variance: [0.75, 3.75],
    };
    layer.setWeights(
      layer.weights.map((weight) => {
        const given = values[weight.originalName.replace('norm/', '')];
        return given === undefined ? (weight.read() as tf.Tensor) : tf.tensor1d(given);
      }),
    );
    const graph = freeze(model, { samples: tf.zeros([64, 2]) });
    // a = 0.8 and -0.55, at steps of 1/2: 1 and -1/2.
    expect(Array.from(graph.tensors['norm/scale'].raw as Float64Array)).toEqual([2, -1]);
    // 0.5 - 3 * 1 and 2 - 7.25 * 0.5
    expect(Array.from(graph.tensors['norm/offset'].raw as Float64Array, (raw) => raw / 4096)).toEqual([-2.5, -1.625]);
  });

  it('trains with the statistics of the batch and moves its own towards them', () => {
    const layers = createLayers({
      scale: { wordLength: 16 },
      offset: { wordLength: 16 },
      accumulators: { wordLength: 20 },
    });
    const layer = layers.batchNormalization({ momentum: 0.75 });
    const x = tf.tensor2d([1, 2, 3, 6], [4, 1]);
    const y = layer.apply(x, { training: true }) as tf.Tensor;
    const { mean, variance } = tf.moments(y);
    expect(mean.dataSync()[0]).toBeCloseTo(0, 2);
    expect(variance.dataSync()[0]).toBeCloseTo(1, 2);
    const moving = layer.weights.filter(({ originalName }) => originalName.includes('moving'));
    // Three quarters of 0 and 1, one quarter of mean 3 and variance 3.5.
    expect(moving.map((weight) => weight.read().dataSync()[0])).toEqual([0.75, 1.625]);
  });
});
