import { batchNormalizationsOf } from '../layers/batch-normalization.js';
import { whileVisiting } from '../layers/visiting.js';
import { tf, withoutDropout } from '../tensorflow.js';

/**
 * Freezes every binary point of a model at the better of the two integers next to its learned position, measured: for
 * parameters on their values, for outputs on `batch`, layer by layer behind predecessors that are already frozen.
 * @param batch inputs of the model, [images, ...shape]; one tensor an input
 */
export function freezeBinaryPoints(model: tf.LayersModel, batch: tf.Tensor | readonly tf.Tensor[]): void {
  const inputs = batch instanceof tf.Tensor ? batch : [...batch];
  whileVisiting(
    (quantizer, values) => quantizer.freeze(values),
    () => tf.tidy(() => void model.apply(inputs, { training: false })),
  );
}

/**
 * Measures BatchNorm's moving statistics again, with the network as it is now and without dropout, since hardware has none:
 * moving averages lag behind, and those of a float network are not the quantized one's.
 * @param batches inputs of the model, at least one; each may be disposed when the next one is asked for
 */
export function measureStatistics(model: tf.LayersModel, batches: Iterable<tf.Tensor>): void {
  const layers = batchNormalizationsOf(model);
  for (const layer of layers) layer.beginMeasurement();
  withoutDropout(model, () => {
    for (const batch of batches) tf.tidy(() => void model.apply(batch, { training: true }));
  });
  for (const layer of layers) layer.endMeasurement();
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
