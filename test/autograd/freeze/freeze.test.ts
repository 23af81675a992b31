import { beforeAll, describe, expect, it } from 'vitest';
import { createLayers, freeze, quantizersOf, tf } from '../../../src/autograd/index.js';
import { startTestedBackend } from '../../support/backend.js';
import { Network } from '../../../src/qfx/execute/network.js';
import { byteImages, residualNetwork, trainABit } from './networks.js';
import type { Symbol } from './networks.js';

beforeAll(startTestedBackend);

describe('freeze', () => {
  it.each([
    ['first', 0],
    ['last', 1],
  ])('takes a value that one layer reads twice and another one, too: twice %s', (_, position) => {
    const layers = createLayers();
    const input = tf.input({ shape: [5] });
    const bytes = layers.input({ name: 'bytes', wordLength: 8, binaryPoint: 8 }).apply(input) as Symbol;
    const active = layers.relu({ name: 'active' }).apply(bytes) as Symbol;
    const square = layers.multiply({ name: 'square' }).apply([active, active]) as Symbol;
    const terms = [active, active];
    terms[1 - position] = square;
    const sum = layers.add({ name: 'sum' }).apply(terms) as Symbol;
    const graph = freeze(tf.model({ inputs: input, outputs: sum }), { samples: byteImages(64, [5]) });
    expect(graph.nodes.map(({ name, inputs }) => [name, ...inputs])).toEqual([
      ['bytes'],
      ['active', 'bytes'],
      ['square', 'active', 'active'],
      ['sum', ...terms.map((term) => (term === square ? 'square' : 'active'))],
    ]);
  });

  it('hands over a graph whose executor gives the numbers of the trained model', async () => {
    const model = residualNetwork();
    await trainABit(model);
    const provenance = { seed: 11, accuracy: 0.5 };
    const graph = freeze(model, { samples: byteImages(64, [6, 6, 2]), provenance });
    expect(graph).toMatchObject({ name: 'residual', outputs: ['logits'], provenance });
    // Dropout has no node; the tensor library's own flatten has one.
    expect(graph.nodes.map(({ name }) => name)).toEqual([
      'bytes',
      'stem',
      'norm',
      'active',
      'branch',
      'sum',
      'join',
      'pool',
      'flat',
      'logits',
    ]);
    const fresh = byteImages(20, [6, 6, 2], 99);
    const trained = (model.predict(fresh) as tf.Tensor).dataSync();
    const bytes = fresh.mul(256).dataSync();
    const network = new Network(graph);
    const { binaryPoint } = graph.nodes.at(-1)?.outputType as { binaryPoint: number };
    for (let image = 0; image < 20; image++) {
      const { logits } = network.run(Array.from(bytes.slice(image * 72, (image + 1) * 72))).outputs;
      expect(Array.from(logits.raw as Float64Array)).toEqual(
        Array.from(trained.slice(image * 3, image * 3 + 3), (v) => v * 2 ** binaryPoint),
      );
    }
  });

  it('freezes binary points that still learn, and none that do not', async () => {
    const model = residualNetwork();
    await trainABit(model, [], 1);
    expect(quantizersOf(model).some(({ quantizer }) => quantizer.isFrozen)).toBe(false);
    freeze(model, { samples: byteImages(64, [6, 6, 2]) });
    const points = quantizersOf(model).map(({ quantizer }) => quantizer.binaryPoints);
    expect(quantizersOf(model).every(({ quantizer }) => quantizer.isFrozen)).toBe(true);
    freeze(model, { samples: byteImages(64, [6, 6, 2], 5) });
    expect(quantizersOf(model).map(({ quantizer }) => quantizer.binaryPoints)).toEqual(points);
  });

  it("takes several inputs and outputs, and the library's reshape", () => {
    const layers = createLayers({ seed: 1 });
    const inputs = [tf.input({ shape: [4] }), tf.input({ shape: [2, 2] })];
    const left = layers.input({ name: 'left', wordLength: 8, binaryPoint: 8 }).apply(inputs[0]) as Symbol;
    const right = layers
      .input({ name: 'right', wordLength: 4, binaryPoint: 2, signed: true })
      .apply(inputs[1]) as Symbol;
    const row = tf.layers.reshape({ name: 'row', targetShape: [4] }).apply(right) as Symbol;
    const sum = layers.add({ name: 'sum' }).apply([left, row]) as Symbol;
    const product = layers.dense({ name: 'product', units: 3 }).apply(sum) as Symbol;
    const model = tf.model({ inputs, outputs: [product, sum] });
    const signed = byteImages(64, [2, 2], 3).mul(16).floor().sub(8).div(4);
    const graph = freeze(model, { samples: [byteImages(64, [4]), signed], name: 'two' });
    expect(graph.outputs).toEqual(['product', 'sum']);
    expect(graph.nodes.map(({ operation }) => operation)).toEqual(['input', 'input', 'reshape', 'add', 'dense']);
  });
});

/** A trained-looking model of three layers. */
function chain(middle: (layers: ReturnType<typeof createLayers>) => tf.layers.Layer): tf.Sequential {
  const layers = createLayers({ weights: { wordLength: 4 }, activations: { wordLength: 4 }, seed: 2 });
  const first = layers.input({ name: 'bytes', inputShape: [5], wordLength: 8, binaryPoint: 8 });
  const hidden = layers.dense({ name: 'hidden', units: 6 });
  return tf.sequential({ layers: [first, hidden, middle(layers), layers.dense({ name: 'last', units: 2 })] });
}

/** A layer whose results are changed on the way out, in inference. */
function tampered(layer: tf.layers.Layer, tamper: (output: tf.Tensor, input: tf.Tensor) => tf.Tensor): tf.layers.Layer {
  const original = layer.call.bind(layer);
  layer.call = (inputs, kwargs) => {
    const input = Array.isArray(inputs) ? inputs[0] : inputs;
    return tamper(original(inputs, kwargs) as tf.Tensor, input);
  };
  return layer;
}

/** Adds to one element of every image. */
function bump(output: tf.Tensor, index: number, amount: number): tf.Tensor {
  const change = new Float32Array(output.shape[1] as number);
  change[index] = amount;
  return output.add(tf.tensor(change));
}

describe('freeze refuses a model that differs from its graph', () => {
  const samples = () => byteImages(64, [5]);
  const where = 'layer "active": the trained model and the graph differ at index';

  it('by one unit in one element, naming layer, index and both raw values', () => {
    const model = chain((layers) =>
      tampered(layers.relu({ name: 'active', output: { binaryPoint: 2 } }), (output) => bump(output, 3, 0.25)),
    );
    let message = '';
    try {
      freeze(model, { samples: samples() });
    } catch (error) {
      message = (error as Error).message;
    }
    const [, inModel, inGraph] = /raw (\d+) in the model, (\d+) in the graph/.exec(message) ?? [];
    expect(message).toContain(`${where} 3 of shape [6], sample 0`);
    expect(Number(inModel)).toBe(Number(inGraph) + 1);
  });

  it('by a fraction of a unit', () => {
    const model = chain((layers) =>
      tampered(layers.relu({ name: 'active', output: { binaryPoint: 2 } }), (output) => bump(output, 0, 0.125)),
    );
    expect(() => freeze(model, { samples: samples() })).toThrow(
      `${where} 0 of shape [6], sample 0: raw 0.5 in the model`,
    );
  });

  it.each([
    ['all-minimum', (bytes: tf.Tensor) => bytes.max(1).equal(0)],
    ['all-maximum', (bytes: tf.Tensor) => bytes.min(1).equal(255 / 256)],
    ['alternating', (bytes: tf.Tensor) => bytes.sum(1).equal((2 * 255) / 256)],
  ])('on the %s input alone', (label, isExtreme) => {
    let bytes: tf.Tensor | undefined;
    const model = chain((layers) =>
      tampered(layers.relu({ name: 'active' }), (output) => {
        const hit = isExtreme(bytes as tf.Tensor)
          .toFloat()
          .expandDims(1);
        return output.add(hit.mul(4));
      }),
    );
    tampered(model.layers[0], (output) => {
      bytes = tf.keep(output.clone());
      return output;
    });
    expect(() => freeze(model, { samples: samples() })).toThrow(new RegExp(`layer "active": .* ${label} input: raw`));
  });

  it('when weights change between their description and the replay', () => {
    const model = chain((layers) => layers.relu({ name: 'active' }));
    freeze(model, { samples: samples() });
    const [hidden] = model.layers.slice(1);
    let isDescribed = false;
    const describeNode = (hidden as unknown as { describeNode: () => unknown }).describeNode.bind(hidden);
    Object.assign(hidden, {
      describeNode: () => {
        const node = describeNode();
        if (!isDescribed)
          hidden.setWeights(hidden.getWeights().map((weight, index) => (index === 0 ? weight.neg() : weight)));
        isDescribed = true;
        return node;
      },
    });
    expect(() => freeze(model, { samples: samples() })).toThrow(
      /layer "hidden": the trained model and the graph differ/,
    );
  });
});

describe('freeze refuses by name', () => {
  const layers = createLayers({ activations: { wordLength: 4 } });
  const start = () => layers.input({ name: 'bytes', inputShape: [5], wordLength: 8, binaryPoint: 8 });
  const samples = () => byteImages(64, [5]);

  it('a layer that has no node', () => {
    const model = tf.sequential({ layers: [start(), layers.dense({ units: 3 }), tf.layers.softmax({ name: 'soft' })] });
    expect(() => freeze(model, { samples: samples() })).toThrow(
      /layer "soft": Softmax has no place in a fixed-point graph/,
    );
  });

  it('a dropout without a seed', () => {
    const dropped = tf.layers.dropout({ name: 'drop', rate: 0.5 });
    const model = tf.sequential({ layers: [start(), dropped, layers.dense({ units: 3 })] });
    expect(() => freeze(model, { samples: samples() })).toThrow(/layer "drop": a dropout without a seed/);
  });

  it('a fixed-point layer behind a foreign one', () => {
    const model = tf.sequential({
      layers: [start(), tf.layers.elu({ name: 'elu' }), layers.dense({ name: 'd', units: 3 })],
    });
    expect(() => model.predict(samples())).toThrow(
      /layer "d": gets values of "elu" \(ELU\), which is not a fixed-point layer/,
    );
  });

  it('a network whose input has no declared type', () => {
    const input = tf.input({ shape: [5] });
    const output = layers.dense({ name: 'first', units: 2 }).apply(input) as Symbol;
    const model = tf.model({ inputs: input, outputs: output });
    expect(() => freeze(model, { samples: samples() })).toThrow(
      /layer "first": gets the network's input .* put an input\(/,
    );
  });

  it('a layer that is used twice', () => {
    const input = tf.input({ shape: [5] });
    const shared = layers.dense({ name: 'shared', units: 5 });
    const once = shared.apply(start().apply(input) as Symbol) as Symbol;
    const model = tf.model({ inputs: input, outputs: shared.apply(once) as Symbol });
    expect(() => freeze(model, { samples: samples() })).toThrow(/layer "shared": is used 2 times/);
  });

  it.each([NaN, Infinity])('weights that are %d', (bad) => {
    const model = chain((some) => some.relu());
    const [kernel, ...others] = model.layers[1].getWeights();
    const values = kernel.dataSync().slice();
    values[7] = bad;
    model.layers[1].setWeights([tf.tensor(values, kernel.shape), ...others]);
    expect(() => freeze(model, { samples: samples() })).toThrow(
      new RegExp(`layer "hidden": weights: value 7 is ${bad}`),
    );
  });

  it("an output whose binary point training has lost beyond float32's range", () => {
    const model = chain((some) => some.relu());
    const last = model.layers[model.layers.length - 1];
    model.predict(samples());
    const lost = last.weights.map((weight) => {
      const value = weight.read();
      return weight.name.includes('output_theta') ? tf.fill(value.shape, 21.6) : value;
    });
    last.setWeights(lost);
    expect(() => freeze(model, { samples: samples() })).toThrow(
      new RegExp(`layer "${last.name}": its output has binary point 21[67], float32 tensors allow \\+-60`),
    );
  });

  it("samples that the input's type does not have", () => {
    const model = chain((some) => some.relu());
    const bytes = samples().mul(256);
    expect(() => freeze(model, { samples: bytes })).toThrow(
      /layer "bytes": input value \d+ .* is no value of ap_ufixed<8, 0>/,
    );
    expect(() => freeze(model, { samples: samples().add(1 / 512) })).toThrow(/layer "bytes": input value/);
  });

  it('too few samples, or ones of another shape', () => {
    const model = chain((some) => some.relu());
    expect(() => freeze(model, { samples: byteImages(63, [5]) })).toThrow(
      /63 samples, needed to prove the graph: at least 64/,
    );
    expect(() => freeze(model, { samples: samples(), replay: 10 })).toThrow(/freeze: replay: found 10/);
    expect(() => freeze(model, { samples: [samples(), samples()] })).toThrow(/found 2 tensors, needed: one tensor/);
    expect(() => freeze(model, { samples: samples(), smaples: 1 } as never)).toThrow(/freeze: unknown key "smaples"/);
  });

  it('a type that may wrap', () => {
    const model = chain((some) => some.relu({ name: 'active', output: { wordLength: 2, overflow: 'AP_WRAP' } }));
    expect(() => freeze(model, { samples: samples() })).toThrow(
      /layer "active": its output ap_ufixed<2, .*AP_WRAP> may wrap/,
    );
    // The largest value, 255, wraps to 15, which is also what it saturates to; all between 15 and 255 are other than that.
    const low = chain((some) =>
      some.relu({ name: 'low', output: { wordLength: 4, binaryPoint: 8, overflow: 'AP_WRAP' } }),
    );
    expect(() => freeze(low, { samples: samples() })).toThrow(
      /layer "low": its output ap_ufixed<4, .*AP_WRAP> may wrap/,
    );
    const weights = { wordLength: 2, binaryPoint: 6, overflow: 'AP_WRAP' } as const;
    const wrapping = chain((some) => some.dense({ name: 'wrapping', units: 3, weights }));
    expect(() => freeze(wrapping, { samples: samples() })).toThrow(/layer "wrapping": weights: a value wraps/);
  });
});
