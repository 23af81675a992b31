import { batchNormalizationsOf } from '../layers/batch-normalization.js';
import { whileFreezing } from '../layers/freezing.js';
import { tf, withoutDropout } from '../tensorflow.js';

/**
 * Freezes every binary point of a model at the better of the two integers next to its learned position, measured: for
 * parameters on their values, for outputs on `batch`, layer by layer behind predecessors that are already frozen.
 * @param batch inputs of the model, [images, ...shape]; one tensor an input
 */
export function freezeBinaryPoints(model: tf.LayersModel, batch: tf.Tensor | readonly tf.Tensor[]): void {
  const inputs = batch instanceof tf.Tensor ? batch : [...batch];
  whileFreezing(() => tf.tidy(() => void model.apply(inputs, { training: false })));
}

/**
 * Ends training with batch statistics: from now on BatchNorm's moving statistics are used, and stay.
 * @param batches where given, the statistics are first measured again on them, with the network as it is now and without
 * dropout, since hardware has none: moving averages lag behind
 */
export function freezeStatistics(model: tf.LayersModel, batches: Iterable<tf.Tensor> = []): void {
  const layers = batchNormalizationsOf(model);
  const measured = [...batches];
  if (measured.length > 0) {
    for (const layer of layers) layer.beginMeasurement();
    withoutDropout(model, () => {
      for (const batch of measured) tf.tidy(() => void model.apply(batch, { training: true }));
    });
    for (const layer of layers) layer.endMeasurement();
  }
  for (const layer of layers) layer.freezeStatistics();
}
