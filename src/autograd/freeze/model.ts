import { QfxError } from '../../qfx/errors.js';
import type { NodeSpecification } from '../../qfx/graph/graph.js';
import type { IntegerTensor } from '../../qfx/number/raw-array.js';
import { connectionOf, isFixedPoint, isMover, isPlaceholder } from '../layers/sources.js';
import type { FixedPointLayer } from '../layers/layer.js';
import type { Quantizer } from '../quantizer.js';
import type { tf } from '../tensorflow.js';

/** A quantizer of a model and where it sits. */
export interface PlacedQuantizer {
  /** Name of the layer. */
  readonly layer: string;
  /** `weights`, `bias`, `scale`, `offset` or `output`. */
  readonly role: string;
  readonly quantizer: Quantizer;
}

/** All quantizers of a model, layer by layer. */
export function quantizersOf(model: tf.LayersModel): PlacedQuantizer[] {
  return model.layers
    .filter(isFixedPoint)
    .flatMap((layer) => [...layer.quantizers].map(([role, quantizer]) => ({ layer: layer.name, role, quantizer })));
}

/** The layers that lead to a model's outputs; inputs come before their users. */
export function layersInOrder(model: tf.LayersModel): tf.layers.Layer[] {
  const ordered = new Set<tf.layers.Layer>();
  const pending = model.outputs.map(({ sourceLayer }) => sourceLayer).reverse();
  while (pending.length > 0) {
    const layer = pending[pending.length - 1];
    const missing =
      ordered.has(layer) || isPlaceholder(layer) ? [] : sourcesOf(layer).filter((source) => !ordered.has(source));
    if (missing.length > 0) {
      pending.push(...missing.reverse());
    } else {
      ordered.add(layer);
      pending.pop();
    }
  }
  return [...ordered];
}

function sourcesOf(layer: tf.layers.Layer): readonly tf.layers.Layer[] {
  return connectionOf(layer).inboundLayers;
}

/** A node of the graph and the layer that computes the same in the model. */
export interface PlacedNode {
  readonly layer: tf.layers.Layer;
  readonly node: NodeSpecification;
}

/** A model as nodes, constants and outputs of a graph. */
export interface ModelDescription {
  readonly nodes: readonly PlacedNode[];
  readonly tensors: Readonly<Record<string, IntegerTensor>>;
  readonly outputs: readonly string[];
  /** The network's inputs, in the order of the model's. */
  readonly inputs: readonly FixedPointLayer[];
}

/**
 * Describes a model by the nodes of its graph.
 * @throws QfxError naming the layer that has none
 */
export function describeModel(model: tf.LayersModel): ModelDescription {
  const nodes: PlacedNode[] = [];
  const tensors: Record<string, IntegerTensor> = {};
  /** The node whose value a layer's value is. */
  const nodeOf = new Map<tf.layers.Layer, string>();
  const inputs = new Map<tf.layers.Layer, FixedPointLayer>();
  for (const layer of layersInOrder(model)) {
    if (isPlaceholder(layer)) continue;
    const sources = sourcesOf(layer);
    const names = sources.flatMap((source) => nodeOf.get(source) ?? []);
    if (isFixedPoint(layer)) {
      if (layer.operation === 'input') inputs.set(sources[0], layer);
      const constants: Record<string, string> = {};
      const { operation, attributes, constants: values, outputType } = layer.describeNode();
      for (const [role, value] of Object.entries(values)) {
        constants[role] = `${layer.name}/${role}`;
        tensors[constants[role]] = value;
      }
      nodes.push({ layer, node: { name: layer.name, operation, inputs: names, attributes, constants, outputType } });
      nodeOf.set(layer, layer.name);
    } else if (isMover(layer)) {
      const node = describeMover(layer, names);
      if (node !== undefined) nodes.push({ layer, node });
      nodeOf.set(layer, node?.name ?? names[0]);
    } else {
      throw new QfxError(
        `layer "${layer.name}"`,
        `${layer.getClassName()} has no place in a fixed-point graph; use the layers of createLayers, or end the model before it`,
      );
    }
  }
  const outputs = [...new Set(model.outputs.map(({ sourceLayer }) => nodeOf.get(sourceLayer) ?? sourceLayer.name))];
  return { nodes, tensors, outputs, inputs: model.inputs.map((input) => inputOf(inputs, input.sourceLayer)) };
}

/** The node of the tensor library's own flatten or reshape; a dropout has none. */
function describeMover(layer: tf.layers.Layer, inputs: readonly string[]): NodeSpecification | undefined {
  const { name } = layer;
  if (layer.getClassName() === 'Flatten') return { name, operation: 'flatten', inputs, outputType: 'exact' };
  if (layer.getClassName() !== 'Reshape') return undefined;
  const shape = (layer.outputShape as (number | null)[]).slice(1) as number[];
  return { name, operation: 'reshape', inputs, attributes: { shape }, outputType: 'exact' };
}

function inputOf(inputs: ReadonlyMap<tf.layers.Layer, FixedPointLayer>, placeholder: tf.layers.Layer): FixedPointLayer {
  const layer = inputs.get(placeholder);
  if (layer === undefined) {
    throw new QfxError(
      `input "${placeholder.name}"`,
      'is followed by no input({ ... }) layer, which declares its type',
    );
  }
  return layer;
}
