import { beforeAll, describe, expect, it } from 'vitest';
import { createLayers, freeze, initializeBackend, quantizersOf, tf } from '../../../src/autograd/index.js';
import type { Layers } from '../../../src/autograd/index.js';
import { rawRange } from '../../../src/qfx/number/type.js';
import type { FixedPointFormat } from '../../../src/qfx/number/type.js';
import { Random, randomDefaults, scatterWeights } from './random.js';

/** A layer in a network of its own, ready for the contract. */
export interface LayerSample {
  readonly layer: tf.layers.Layer;
  /** One shape an input, without the batch. */
  readonly inputShapes: readonly number[][];
}

export interface LayerContract {
  /** The factory's name in `createLayers`. */
  readonly kind: keyof Layers;
  /** A layer with options drawn at random, and shapes that it takes. */
  sample(layers: Layers, random: Random): LayerSample;
  /** Options of an ordinary layer, without a name. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Has no gradient: is not trained. */
  readonly isFixed?: boolean;
  /** Types of its inputs. Default: any of up to 9 bits. */
  readonly inputFormat?: (random: Random) => FixedPointFormat;
  /** Random configurations to try. */
  readonly trials?: number;
}

/** What every layer promises, as tests. */
export function describeLayer(contract: LayerContract): void {
  const { kind, trials = 12 } = contract;

  describe(`${kind}, the contract of layers`, () => {
    beforeAll(() => initializeBackend('wasm'));

    it('is equal to its node of the graph in every bit, whatever the configuration', () => {
      for (let seed = 1; seed <= trials; seed++) {
        const random = new Random(seed * 7919);
        const { model, layer, formats } = build(contract, createLayers(randomDefaults(random)), random);
        if (seed % 4 !== 0) scatterWeights(layer, random);
        const samples = formats.map((format, index) => randomInputs(format, model.inputs[index].shape, random));
        const graph = freeze(model, { samples, name: `seed ${seed}` });
        expect(graph.nodes.map(({ name }) => name)).toContain(layer.name);
      }
    });

    it('works in a sequential and in a functional model, alike', () => {
      const random = new Random(1);
      const { model, layer, formats } = build(contract, createLayers({ seed: 3 }), random);
      if (formats.length > 1) return;
      const [format] = formats;
      const input = createLayers().input({ ...format, inputShape: model.inputs[0].shape.slice(1) as number[] });
      const twin = tf.sequential({ layers: [input, copyOf(layer)] });
      const x = randomInputs(format, model.inputs[0].shape, random);
      twin.layers[1].setWeights(layer.getWeights());
      expect(valuesOf(twin.predict(x))).toEqual(valuesOf(model.predict(x)));
      expect(twin.outputs[0].shape).toEqual(model.outputs[0].shape);
    });

    it('comes back from its own configuration', () => {
      const { layer } = build(contract, createLayers(randomDefaults(new Random(5))), new Random(5));
      expect(copyOf(layer).getConfig()).toEqual(layer.getConfig());
    });

    it('is saved and loaded with its weights and its binary points', async () => {
      const random = new Random(9);
      const { model, formats } = build(contract, createLayers(randomDefaults(random)), random);
      const x = formats.map((format, index) => randomInputs(format, model.inputs[index].shape, random));
      const before = valuesOf(model.predict(x));
      let artifacts: tf.io.ModelArtifacts | undefined;
      await model.save(
        tf.io.withSaveHandler(async (saved) => {
          artifacts = JSON.parse(JSON.stringify({ ...saved, weightData: undefined }));
          (artifacts as tf.io.ModelArtifacts).weightData = saved.weightData;
          return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
        }),
      );
      const loaded = await tf.loadLayersModel(tf.io.fromMemory(artifacts as tf.io.ModelArtifacts));
      expect(valuesOf(loaded.predict(x))).toEqual(before);
      expect(positionsOf(loaded)).toEqual(positionsOf(model));
      expect(loaded.layers.map((layer) => layer.getConfig())).toEqual(model.layers.map((layer) => layer.getConfig()));
    });

    it.skipIf(contract.isFixed === true)('trains with model.fit: finite gradients, a smaller loss', async () => {
      const random = new Random(21);
      const layers = createLayers({ weights: { wordLength: 6 }, activations: { wordLength: 6 }, seed: 5 });
      const { model: front, layer, formats } = build(contract, layers, random);
      const flat = layers.flatten().apply(layer.output as tf.SymbolicTensor) as tf.SymbolicTensor;
      const logits = layers.dense({ units: 3 }).apply(flat) as tf.SymbolicTensor;
      const model = tf.model({ inputs: front.inputs, outputs: logits });
      model.compile({ optimizer: tf.train.adam(0.01), loss: crossEntropy });
      const x = formats.map((format, index) => randomInputs(format, model.inputs[index].shape, random, 32));
      const labels = tf.tensor1d(
        Array.from({ length: 32 }, (_, index) => index % 3),
        'int32',
      );
      const history = await model.fit(x, tf.oneHot(labels, 3).toFloat(), { epochs: 12, batchSize: 16, verbose: 0 });
      const losses = history.history.loss as number[];
      expect(losses.every(Number.isFinite)).toBe(true);
      expect(losses[losses.length - 1]).toBeLessThan(losses[0]);
      for (const weight of model.getWeights()) expect(weight.dataSync().every(Number.isFinite)).toBe(true);
      const evaluated = model.evaluate(x, tf.oneHot(labels, 3).toFloat(), { batchSize: 16 }) as tf.Scalar;
      expect(Number.isFinite(evaluated.dataSync()[0])).toBe(true);
    });

    it('refuses an unknown option by name and lists what it takes', () => {
      const factory = createLayers()[kind] as (options: object) => tf.layers.Layer;
      const options = { ...contract.options, name: 'the_layer', fliters: 3 };
      expect(() => factory(options)).toThrow(/layer "the_layer": unknown key "fliters", allowed: .*name/);
    });

    it('appears in the summary', () => {
      const { model, layer } = build(contract, createLayers(), new Random(2));
      const lines: string[] = [];
      model.summary(140, undefined, (line: string) => lines.push(line));
      expect(lines.join('\n')).toContain(layer.name);
    });
  });
}

function build(contract: LayerContract, layers: Layers, random: Random) {
  const { layer, inputShapes } = contract.sample(layers, random);
  const formats = inputShapes.map(() => (contract.inputFormat ?? randomFormat)(random));
  const inputs = inputShapes.map((shape) => tf.input({ shape }));
  const declared = inputs.map((input, index) => layers.input(formats[index]).apply(input) as tf.SymbolicTensor);
  const output = layer.apply(declared.length === 1 ? declared[0] : declared) as tf.SymbolicTensor;
  return { model: tf.model({ inputs, outputs: output }), layer, formats };
}

function randomFormat(random: Random): FixedPointFormat {
  return { signed: random.next() < 0.5, wordLength: random.integer(2, 9), binaryPoint: random.integer(-1, 8) };
}

/** Values of the format, the ends of its range more often than others. */
function randomInputs(
  format: FixedPointFormat,
  shape: readonly (number | null)[],
  random: Random,
  count = 64,
): tf.Tensor {
  const range = rawRange(format);
  const [minimum, maximum] = [Number(range.minimum), Number(range.maximum)];
  const full = [count, ...(shape.slice(1) as number[])];
  const values = Float32Array.from({ length: full.reduce((product, size) => product * size, 1) }, () => {
    const choice = random.next();
    const raw = choice < 0.1 ? minimum : choice < 0.2 ? maximum : random.integer(minimum, maximum);
    return raw * 2 ** -format.binaryPoint;
  });
  return tf.tensor(values, full);
}

function copyOf(layer: tf.layers.Layer): tf.layers.Layer {
  const type = layer.constructor as unknown as tf.serialization.SerializableConstructor<tf.layers.Layer>;
  const { fromConfig } = layer.constructor as unknown as {
    fromConfig(cls: typeof type, config: tf.serialization.ConfigDict): tf.layers.Layer;
  };
  return fromConfig(type, layer.getConfig());
}

function valuesOf(result: tf.Tensor | tf.Tensor[]): number[] {
  return Array.from((result as tf.Tensor).dataSync());
}

function positionsOf(model: tf.LayersModel): unknown {
  return quantizersOf(model).map(({ role, quantizer }) => ({ role, points: quantizer.binaryPoints }));
}

function crossEntropy(labels: tf.Tensor, logits: tf.Tensor): tf.Scalar {
  return tf.losses.softmaxCrossEntropy(labels, logits) as tf.Scalar;
}
