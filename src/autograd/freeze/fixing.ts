import { batchNormalizationsOf } from '../layers/batch-normalization.js';
import { whileVisiting } from '../layers/visiting.js';
import type { QuantizerVisit } from '../layers/visiting.js';
import type { Quantizer } from '../quantizer.js';
import { tf, withoutDropout } from '../tensorflow.js';
import { quantizersOf } from './model.js';

/**
 * Freezes every binary point of a model at the better of the two integers next to its learned position, measured: for
 * parameters on their values, for outputs on `batch`, layer by layer behind predecessors that are already frozen.
 * @param batch inputs of the model, [images, ...shape]; one tensor an input
 */
export function freezeBinaryPoints(model: tf.LayersModel, batch: tf.Tensor | readonly tf.Tensor[]): void {
  visitQuantizers(model, batch, (quantizer, values) => quantizer.freeze(values));
}

/**
 * Freezes the binary points of these quantizers where the squared error is smallest, of all plausible ones, in the same way.
 * @param quantizers of the model; default: those that are not frozen
 */
export function searchBinaryPoints(
  model: tf.LayersModel,
  batch: tf.Tensor | readonly tf.Tensor[],
  quantizers: ReadonlySet<Quantizer> = openQuantizers(model),
): void {
  visitQuantizers(model, batch, (quantizer, values) => {
    if (quantizers.has(quantizer)) quantizer.freezeAt(quantizer.search(values));
  });
}

/** The quantizers of a model that are not frozen, in the order of its layers. */
export function openQuantizers(model: tf.LayersModel): Set<Quantizer> {
  return new Set(
    quantizersOf(model)
      .map(({ quantizer }) => quantizer)
      .filter((quantizer) => !quantizer.isFrozen),
  );
}

/**
 * Shows every quantizer of a model, with the values that it casts, to `visit` while inputs come by; a parameter's more than
 * once where several layers ask for its type.
 */
export function visitQuantizers(
  model: tf.LayersModel,
  batch: tf.Tensor | readonly tf.Tensor[],
  visit: QuantizerVisit,
): void {
  const inputs = batch instanceof tf.Tensor ? batch : [...batch];
  whileVisiting(visit, () => tf.tidy(() => void model.apply(inputs, { training: false })));
}

/**
 * Measures BatchNorm's moving statistics again, with the network as it is now and without dropout, since hardware has none:
 * moving averages lag behind, and those of a float network are not the quantized one's.
 * @param batches inputs of the model, at least one; each may be disposed when the next one is asked for
 * @param layers those that are measured; default: all
 */
export function measureStatistics(
  model: tf.LayersModel,
  batches: Iterable<tf.Tensor>,
  layers = batchNormalizationsOf(model),
): void {
  for (const layer of layers) layer.beginMeasurement();
  withoutDropout(model, () => {
    for (const batch of batches) tf.tidy(() => void model.apply(batch, { training: true }));
  });
  for (const layer of layers) layer.endMeasurement();
}

/**
 * Measures those of BatchNorm's moving statistics that are not final yet, for a while: in a run they lag behind, and a and b with
 * them, which then say nothing of the network to come.
 * @param batch inputs of the model
 * @returns puts back what was there before
 */
export function borrowStatistics(model: tf.LayersModel, batch: tf.Tensor): () => void {
  const layers = batchNormalizationsOf(model).filter((layer) => !layer.areStatisticsFrozen);
  const undo = layers.map((layer) => layer.keepStatistics());
  if (layers.length > 0) measureStatistics(model, [batch], layers);
  return () => undo.forEach((putBack) => putBack());
}

/**
 * Ends training with batch statistics: from now on BatchNorm's moving statistics are used, and stay.
 * @param batches where given, the statistics are first measured again on them
 */
export function freezeStatistics(model: tf.LayersModel, batches: Iterable<tf.Tensor> = []): void {
  const measured = [...batches];
  if (measured.length > 0) measureStatistics(model, measured);
  for (const layer of batchNormalizationsOf(model)) layer.freezeStatistics();
}
