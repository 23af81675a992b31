import { beforeAll, describe, expect, it } from 'vitest';
import { createLayers, freeze, initializeBackend, Quantizer, tf } from '../../../src/autograd/index.js';
import { whileVisiting } from '../../../src/autograd/layers/visiting.js';
import { TableFunction } from '../../../src/autograd/layers/table.js';
import type { TableFunctionConfig } from '../../../src/autograd/layers/table.js';
import { scalarFunctions } from '../../../src/autograd/scalar-function.js';
import { topologyOf } from '../../../src/autograd/train/workers/network-source.js';
import { castReal } from '../../../src/qfx/number/real.js';
import { roundings } from '../../../src/qfx/number/type.js';
import type { FixedPointFormat } from '../../../src/qfx/number/type.js';
import { expectClose, gradientsOf, randomNumbers, randomSource } from '../kernels/support.js';
import { describeLayer } from './contract.js';
import type { Random } from './random.js';

const functions = ['sigmoid', 'tanh', 'gelu', 'silu'] as const;

function shapes(random: Random): number[] {
  return random.next() < 0.5
    ? [random.integer(1, 9)]
    : [random.integer(1, 4), random.integer(1, 4), random.integer(1, 5)];
}

for (const kind of functions) {
  describeLayer({
    kind,
    sample: (layers, random) => ({ layer: layers[kind](), inputShapes: [shapes(random)] }),
  });
}

describeLayer({
  kind: 'exp',
  sample: (layers, random) => ({ layer: layers.exp(), inputShapes: [shapes(random)] }),
  // Up to exp(8).
  inputFormat: (random) => ({ signed: true, wordLength: random.integer(2, 9), binaryPoint: 8 - random.integer(0, 3) }),
});

describeLayer({
  kind: 'tableFunction',
  sample: (layers, random) => ({
    layer: layers.tableFunction({ function: (x) => Math.sqrt(Math.abs(x)) - 1 }),
    inputShapes: [shapes(random)],
  }),
  options: { function: Math.abs },
});

/** Every value of a short type, as a column. */
function everyValue({ signed, wordLength, binaryPoint }: FixedPointFormat): tf.Tensor2D {
  const first = signed ? -(2 ** (wordLength - 1)) : 0;
  const values = Array.from({ length: 2 ** wordLength }, (_, index) => (first + index) * 2 ** -binaryPoint);
  return tf.tensor2d(values, [values.length, 1]);
}

const q = createLayers();
const narrow = { signed: true, wordLength: 8, binaryPoint: 4 };

/** A layer behind an input of one value, and the model. */
function behindInput<Layer extends tf.layers.Layer>(layer: Layer, format: FixedPointFormat = narrow) {
  const model = tf.sequential({ layers: [q.input({ ...format, inputShape: [1] }), layer] });
  return { layer, model };
}

describe('tables', () => {
  beforeAll(() => initializeBackend('wasm'));

  it('are the same in training, in inference and in the graph, in every rounding', () => {
    const x = everyValue(narrow);
    for (const kind of functions) {
      for (const rounding of roundings) {
        const { layer, model } = behindInput(q[kind]({ output: { wordLength: 5, rounding } }));
        layer.call(x, { training: true }); // finds the binary point
        const trained = Array.from((layer.call(x, { training: true }) as tf.Tensor).dataSync());
        const inferred = Array.from((model.predict(x) as tf.Tensor).dataSync());
        expect(trained).toEqual(inferred);
        const graph = freeze(model, { samples: x });
        const { signed, binaryPoint } = graph.nodes[1].outputType as FixedPointFormat;
        const type = { signed, wordLength: 5, binaryPoint, rounding, overflow: 'AP_SAT' } as const;
        const table = Array.from(graph.tensors[`${layer.name}/table`].raw as Float64Array);
        const expected = Array.from(x.dataSync(), (value) => castReal(scalarFunctions[kind].value(value), type));
        // From 0 on first, then the negative ones.
        expect(table.map(BigInt)).toEqual([...expected.slice(128), ...expected.slice(0, 128)]);
      }
    }
  });

  it('pass gradients as the function and a cast behind it would', async () => {
    const compose: Record<(typeof functions)[number], (x: tf.Tensor) => tf.Tensor> = {
      sigmoid: (x) => x.sigmoid(),
      tanh: (x) => x.tanh(),
      silu: (x) => x.mul(x.sigmoid()),
      gelu: (x) => x.mul(x.div(Math.SQRT2).erf().add(1)).div(2),
    };
    const random = randomSource(5);
    const x = { shape: [256, 1], values: Float32Array.from(everyValue(narrow).dataSync()) };
    const dy = randomNumbers([256, 1], random);
    for (const kind of functions) {
      // Both ends of the function saturate.
      const output = { signed: true, wordLength: 4, binaryPoint: 3 };
      const { layer } = behindInput(q[kind]({ output }));
      const cast = new Quantizer(output, 'output');
      const gradients = [
        (input: tf.Tensor) => layer.call(input, { training: true }) as tf.Tensor,
        (input: tf.Tensor) => cast.apply(compose[kind](input), { training: true }),
      ].map((operation) => gradientsOf(operation, [x], () => dy).gradients[0]);
      expectClose(gradients[0], gradients[1], kind);
    }
  });

  it('refuse an exact output, long words, results that are no numbers, and results that wrap', () => {
    expect(() => q.tanh({ name: 'hat', output: 'exact' })).toThrow(
      'layer "hat": output: found "exact", needed: a type, in which its table is written',
    );
    const long = behindInput(q.tanh({ name: 'long' }), { signed: true, wordLength: 17, binaryPoint: 4 });
    expect(() => long.model.predict(tf.zeros([1, 1]))).toThrow(/layer "long": input .* 17 bits, .* at most 16/);
    const pole = behindInput(q.tableFunction({ name: 'pole', function: (x) => 1 / x, output: { binaryPoint: 2 } }));
    expect(() => pole.model.predict(tf.ones([1, 1]))).toThrow(
      'layer "pole": its function gives Infinity for 0, needed: a number that float32 has',
    );
    const output = { wordLength: 4, overflow: 'AP_WRAP', binaryPoint: 3 } as const;
    const wrapping = behindInput(q.silu({ name: 'wraps', output }));
    expect(() => wrapping.model.predict(tf.ones([1, 1]))).toThrow(
      /layer "wraps": its function gives .* wraps; use AP_SAT/,
    );
  });

  it('are placed once, by the values of the function', () => {
    const { model } = behindInput(q.tanh({ output: { wordLength: 4 } }));
    const asked: number[][] = [];
    const x = everyValue(narrow);
    whileVisiting(
      (_quantizer, values) => asked.push([...values.dataSync()]),
      () => void model.apply(x, { training: false }),
    );
    expect(asked).toEqual([Array.from(x.dataSync(), (value) => Math.fround(Math.tanh(value)))]);
  });

  it('of functions in the program are saved with the model as values', () => {
    const { layer, model } = behindInput(q.tableFunction({ function: (x) => x ** 3, output: { binaryPoint: 2 } }));
    const x = everyValue(narrow);
    const before = (model.predict(x) as tf.Tensor).dataSync();
    const config = JSON.parse(JSON.stringify(layer.getConfig())) as TableFunctionConfig;
    const loaded = behindInput(new TableFunction(config));
    expect((loaded.model.predict(x) as tf.Tensor).dataSync()).toEqual(before);
    const other = behindInput(new TableFunction({ ...config, name: 'other' }), { ...narrow, binaryPoint: 3 });
    expect(() => other.model.predict(tf.zeros([1, 1]))).toThrow(
      'layer "other": its function came from a file, as values over ap_fixed<8, 4>; its input is ap_fixed<8, 5>',
    );
  });

  it('of functions in the program are not saved while the type of the input still learns', () => {
    const layer = q.tableFunction({ name: 'cube', function: (x) => x ** 3 });
    expect(() => layer.getConfig()).toThrow(/layer "cube": its function is saved as values .* connect it to an input/);
    const model = tf.sequential({
      layers: [q.input({ ...narrow, inputShape: [1] }), q.requantize({ name: 'before' }), q.flatten(), layer],
    });
    const x = everyValue(narrow);
    model.predict(x);
    expect(() => layer.getConfig()).toThrow(/layer "before": its binary points still learn; freeze them first/);
    freeze(model, { samples: x });
    expect(layer.getConfig().function).toMatchObject({ signed: true, wordLength: 8 });
    // What compares networks needs no values, and a thread that has no function gets none.
    expect(layer.trainedConfig.function).toBe('code');
    expect(() => topologyOf(model)).toThrow(
      'layer "cube": its function is code of the program, which JSON does not carry',
    );
  });
});
