import { tf } from '../tensorflow.js';

/** A float32 tensor outside of the tensor library, row-major. */
export interface FloatTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A layer of a float network, as TensorFlow.js describes it. Shapes are without the batch. */
export interface FloatLayer {
  readonly name: string;
  readonly className: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of the layers that it gets its values from. */
  readonly inputs: readonly string[];
  readonly inputShapes: readonly (readonly (number | null)[])[];
  readonly outputShape: readonly (number | null)[];
  /** By the weight's own name: `kernel`, `bias`, `gamma`, ... */
  readonly weights: Readonly<Record<string, FloatTensor>>;
}

/** A layer that cannot be converted, and why. */
export interface Refusal {
  readonly name: string;
  readonly className: string;
  readonly reason: string;
}

/** A float network as a list: layers come after their inputs, nested models are dissolved. */
export interface FloatNetwork {
  readonly layers: readonly FloatLayer[];
  /** The layer whose values are the network's output. */
  readonly output: string;
  readonly refusals: readonly Refusal[];
}

/** Reads the layers of a model that lead to its first output. A layer in two places is refused: hardware has one instance a layer. */
export function readFloatModel(model: tf.LayersModel): FloatNetwork {
  const reader = new Reader();
  const output = reader.visit(model.outputs[0], '');
  return { layers: reader.layers, output, refusals: reader.refusals };
}

class Reader {
  readonly layers: FloatLayer[] = [];
  readonly refusals: Refusal[] = [];
  /** Names of values that were visited; the inputs of a nested model have the names of what it is given. */
  private readonly names = new Map<number, string>();
  private readonly seen = new Set<tf.layers.Layer>();
  private readonly shared = new Set<tf.layers.Layer>();

  /** Lists everything that a value depends on. Returns the name of the layer whose value it is. */
  visit(tensor: tf.SymbolicTensor, prefix: string): string {
    const known = this.names.get(tensor.id);
    if (known !== undefined) return known;
    const layer = tensor.sourceLayer;
    if (this.seen.has(layer)) this.refuseShared(layer);
    this.seen.add(layer);
    const inputs = tensor.inputs.map((input) => this.visit(input, prefix));
    const name = layer instanceof tf.LayersModel ? this.dissolve(layer, inputs) : this.add(tensor, inputs, prefix);
    this.names.set(tensor.id, name);
    return name;
  }

  private dissolve(model: tf.LayersModel, inputs: readonly string[]): string {
    model.inputs.forEach((input, index) => this.names.set(input.id, inputs[index]));
    return this.visit(model.outputs[0], `${model.name}_`);
  }

  private add(tensor: tf.SymbolicTensor, inputs: readonly string[], prefix: string): string {
    const layer = tensor.sourceLayer;
    const isTaken = this.layers.some(({ name }) => name === layer.name);
    const name = isTaken ? `${prefix}${layer.name}` : layer.name;
    this.layers.push({
      name,
      className: layer.getClassName(),
      config: layer.getConfig(),
      inputs,
      inputShapes: tensor.inputs.map(({ shape }) => shape.slice(1)),
      outputShape: tensor.shape.slice(1),
      weights: readWeights(layer),
    });
    return name;
  }

  private refuseShared(layer: tf.layers.Layer): void {
    if (this.shared.has(layer)) return;
    this.shared.add(layer);
    const reason = 'is used in more than one place, allowed: one place a layer';
    this.refusals.push({ name: layer.name, className: layer.getClassName(), reason });
  }
}

function readWeights(layer: tf.layers.Layer): Record<string, FloatTensor> {
  const entries = layer.weights.map((weight) => [
    weight.originalName.slice(weight.originalName.lastIndexOf('/') + 1),
    { shape: weight.shape as number[], values: (weight.read().dataSync() as Float32Array).slice() },
  ]);
  return Object.fromEntries(entries) as Record<string, FloatTensor>;
}
