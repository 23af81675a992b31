import { QfxError } from '../../qfx/errors.js';
import type { FixedPointFormat } from '../../qfx/number/type.js';
import type { OperandDescription } from '../../qfx/operations/operation.js';
import { tf } from '../tensorflow.js';
import type { FixedPointLayer } from './layer.js';

/** Formats found during one walk over a model, so that a shortcut does not double the way. */
export type FormatMemo = Map<tf.layers.Layer, FixedPointFormat>;

/** Layers of the tensor library that only move values, or do nothing once training is over. */
const movers: readonly string[] = ['Flatten', 'Reshape', 'Dropout'];

/** True for a layer of `createLayers`. */
export function isFixedPoint(layer: tf.layers.Layer): layer is FixedPointLayer {
  return 'outputFormat' in layer;
}

/** True for the tensor library's flatten, reshape and dropout. */
export function isMover(layer: tf.layers.Layer): boolean {
  return movers.includes(layer.getClassName());
}

/**
 * Everything random has a seed, so that the same program gives the same bits.
 * @throws QfxError naming a dropout without one
 */
export function requireSeeds({ layers }: tf.LayersModel): void {
  const unseeded = layers.find(
    (layer) => layer.getClassName() === 'Dropout' && typeof layer.getConfig().seed !== 'number',
  );
  if (unseeded !== undefined)
    throw new QfxError(
      `layer "${unseeded.name}"`,
      'a dropout without a seed, with which no training repeats; needed: tf.layers.dropout({ rate, seed })',
    );
}

/** True for the layer that `tf.input` and the first layer of a sequential model make. */
export function isPlaceholder(layer: tf.layers.Layer): boolean {
  return layer.getClassName() === 'InputLayer';
}

/**
 * The one connection of a layer.
 * @throws QfxError for a layer that is shared or not connected
 */
export function connectionOf(layer: tf.layers.Layer): {
  inboundLayers: readonly tf.layers.Layer[];
  inputShapes: readonly (readonly number[])[];
} {
  const { inboundNodes } = layer;
  const where = `layer "${layer.name}"`;
  if (inboundNodes.length === 0) throw new QfxError(where, 'is part of no model: connect it to an input first');
  if (inboundNodes.length > 1) {
    throw new QfxError(
      where,
      `is used ${inboundNodes.length} times; a shared layer is not supported, make one for each place`,
    );
  }
  const [{ inboundLayers, inputTensors }] = inboundNodes;
  return { inboundLayers, inputShapes: inputTensors.map(({ shape }) => knownShape(shape.slice(1), where)) };
}

function knownShape(shape: readonly (number | null)[], where: string): number[] {
  if (shape.every((size) => size !== null)) return [...shape];
  throw new QfxError(where, `its input has shape [${shape.join(', ')}], allowed: sizes that are known`);
}

/**
 * Inputs of which none is there twice: a repeated one comes through a dropout that drops nothing and has no node. The tensor
 * library counts the layers that read a value, not how often each does, and would throw it away before the last one has it.
 */
export function distinctInputs<Input extends tf.Tensor | tf.SymbolicTensor>(
  inputs: readonly Input[],
  layer: string,
): Input[] {
  return inputs.map((input, index) => {
    if (!(input instanceof tf.SymbolicTensor) || inputs.indexOf(input) === index) return input;
    return tf.layers.dropout({ name: `${layer}_repeated_${index}`, rate: 0, seed: 0 }).apply(input) as Input;
  });
}

/** What a fixed-point layer gets: name, shape and format of each input, found without any values. */
export function describeOperands(layer: FixedPointLayer, memo: FormatMemo): OperandDescription[] {
  const { inboundLayers, inputShapes } = connectionOf(layer);
  return inboundLayers.flatMap((source, index) =>
    isPlaceholder(source) && layer.operation === 'input'
      ? []
      : [{ name: source.name, shape: inputShapes[index], format: formatOf(source, layer.name, memo) }],
  );
}

function formatOf(layer: tf.layers.Layer, user: string, memo: FormatMemo): FixedPointFormat {
  const known = memo.get(layer);
  if (known !== undefined) return known;
  const format = findFormat(layer, user, memo);
  memo.set(layer, format);
  return format;
}

function findFormat(layer: tf.layers.Layer, user: string, memo: FormatMemo): FixedPointFormat {
  if (isFixedPoint(layer)) return layer.outputFormat(memo);
  if (isMover(layer)) return formatOf(connectionOf(layer).inboundLayers[0], user, memo);
  const found = isPlaceholder(layer)
    ? `gets the network's input "${layer.name}" directly, whose type nobody has declared; put an input({ inputShape, wordLength, binaryPoint, signed }) layer first`
    : `gets values of "${layer.name}" (${layer.getClassName()}), which is not a fixed-point layer`;
  throw new QfxError(`layer "${user}"`, found);
}

/** Whether any of these layers gives signed values. What is unknown counts as signed. */
export function sourcesAreSigned(sources: readonly tf.layers.Layer[]): boolean {
  if (sources.length === 0) return true;
  return sources.some((source) => {
    if (isFixedPoint(source)) return source.outputIsSigned;
    return !isMover(source) || sourcesAreSigned(source.inboundNodes[0]?.inboundLayers ?? []);
  });
}
