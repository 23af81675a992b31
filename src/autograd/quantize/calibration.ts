import { unlessRefused } from '../../qfx/errors.js';
import { quantizersOf } from '../freeze/model.js';
import { BatchNormalization } from '../layers/batch-normalization.js';
import { isFixedPoint } from '../layers/sources.js';
import { whileVisiting } from '../layers/visiting.js';
import { WeightedLayer } from '../layers/weighted-layer.js';
import type { Quantizer } from '../quantizer.js';
import { tf } from '../tensorflow.js';
import { modelWeights } from '../train/model-weights.js';
import type { LayerValues } from './layer-values.js';

/** The float network's answers on the calibration images. */
export interface Reference {
  readonly output: tf.Tensor;
  /** The mean of each channel of each layer's values. */
  readonly means: ReadonlyMap<tf.layers.Layer, Float32Array>;
}

/** Mean of the squared differences to the float network's output. */
export function outputError(output: tf.Tensor, reference: Reference): number {
  return tf.tidy(() => output.squaredDifference(reference.output).mean().dataSync()[0]);
}

/**
 * Places every binary point where its squared error is smallest: those of parameters on their values, those of outputs layer by
 * layer behind predecessors that are placed already.
 */
export function placeAll(values: LayerValues): void {
  whileVisiting(
    (quantizer, exact) => quantizer.initialize(exact),
    () => values.refresh(),
  );
}

/**
 * Changes a network and places everything anew. Keeps that where it brings the network's output closer to the float one's.
 */
export function keepIfCloser(
  model: tf.LayersModel,
  values: LayerValues,
  reference: Reference,
  change: () => void,
): void {
  const before = modelWeights(model).map(({ read, write }) => ({ values: read(), write }));
  const error = outputError(values.outputs, reference);
  change();
  placeAll(values);
  if (outputError(values.outputs, reference) < error) return;
  for (const weight of before) weight.write(weight.values);
  values.refresh();
}

/** Means of the channels: the last axis. */
export function channelMeans(x: tf.Tensor): Float32Array {
  const axes = x.shape.slice(0, -1).map((_, axis) => axis);
  return tf.tidy(() => x.mean(axes).dataSync() as Float32Array).slice();
}

/** What a layer adds to each channel, and the quantizer that it goes through. */
interface Summand {
  readonly layer: tf.layers.Layer;
  readonly variable: tf.LayerVariable;
  readonly quantizer: Quantizer;
}

/** The layers whose mean output can be shifted; not those whose only reader is a BatchNorm, which takes means away. */
export function summandsOf(model: tf.LayersModel): Summand[] {
  return model.layers.flatMap((layer) => {
    const [name, role] =
      layer instanceof BatchNormalization ? ['beta', 'offset'] : layer instanceof WeightedLayer ? ['bias', 'bias'] : [];
    const variable = layer.weights.find(({ originalName }) => originalName.split('/').at(-1) === name);
    const quantizer = isFixedPoint(layer) && role !== undefined ? layer.quantizers.get(role) : undefined;
    const readers = layer.outboundNodes.map(({ outboundLayer }) => outboundLayer);
    const isUndone = readers.length > 0 && readers.every((reader) => reader instanceof BatchNormalization);
    return variable === undefined || quantizer === undefined || isUndone ? [] : [{ layer, variable, quantizer }];
  });
}

/**
 * Adds to what a layer adds the difference between its mean float output and its mean output now, where that brings the
 * network's output closer to the float one's.
 * @returns the error of the network's output afterwards
 */
export function correctBias(
  { layer, variable, quantizer }: Summand,
  values: LayerValues,
  reference: Reference,
  error: number,
): number {
  const now = channelMeans(values.of(layer));
  const missing = (reference.means.get(layer) as Float32Array).map((mean, channel) => mean - now[channel]);
  const before = variable.read().dataSync().slice();
  const positions = quantizer.isLearned ? quantizer.positions : undefined;
  const write = (numbers: ArrayLike<number>) =>
    tf.tidy(() => void variable.write(tf.tensor1d(Float32Array.from(numbers))));
  write(missing.map((difference, channel) => before[channel] + difference));
  let best = error;
  const place = (visited: Quantizer, exact: tf.Tensor) => {
    if (visited === quantizer) visited.initialize(exact);
  };
  whileVisiting(place, () => {
    const isBetter = values.attempt(layer, (output) => {
      const reached = outputError(output, reference);
      if (!(reached < error)) return false;
      best = reached;
      return true;
    });
    if (isBetter) return;
    write(before);
    if (positions !== undefined) quantizer.positions = positions;
  });
  return best;
}

/** A bit of resolution less costs four times the squared error; what costs twice as much as that saturates. */
const largestGrowth = 8;

/**
 * Moves a quantizer's binary points by one, together, up or else down, where that brings the network's output closer to the
 * float one's; not by saturating what it casts: errors of several layers may cancel in that for these images, and
 * training could not learn through it.
 * @returns the error of the network's output afterwards
 */
export function tryNeighbours(
  layer: tf.layers.Layer,
  quantizer: Quantizer,
  values: LayerValues,
  reference: Reference,
  error: number,
): number {
  const { positions } = quantizer;
  for (const step of [1, -1]) {
    const moved = positions.map((position) => position + step);
    quantizer.positions = moved;
    let reached = error;
    let saturates = false;
    const compare = (visited: Quantizer, exact: tf.Tensor) => {
      if (visited !== quantizer) return;
      const own = quantizer.meanSquaredError(exact);
      quantizer.positions = positions;
      saturates ||= own > largestGrowth * quantizer.meanSquaredError(exact);
      quantizer.positions = moved;
    };
    const attempt = () =>
      values.attempt(layer, (output) => {
        reached = outputError(output, reference);
        return !saturates && reached < error;
      });
    let isBetter = false;
    // A layer may not compute exactly with the new binary points.
    whileVisiting(compare, () => void (isBetter = unlessRefused(attempt, false)));
    if (isBetter) return reached;
  }
  quantizer.positions = positions;
  return error;
}

/** The quantizers whose binary points are not given, in the order of the network, and their layers. */
export function movableQuantizers(model: tf.LayersModel): { layer: tf.layers.Layer; quantizer: Quantizer }[] {
  return quantizersOf(model)
    .filter(({ quantizer }) => quantizer.isLearned)
    .map(({ layer, quantizer }) => ({ layer: model.getLayer(layer), quantizer }));
}
