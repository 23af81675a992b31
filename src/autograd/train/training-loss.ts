import type { Labels } from '../../data/data-set.js';
import { isFixedPoint } from '../layers/sources.js';
import { tf, withoutDropout } from '../tensorflow.js';
import { reportingStatistics } from './batch-statistics.js';
import { softmaxCrossEntropy } from './loss.js';

/**
 * Mean cross-entropy of a training pass over one batch that changes nothing: without dropout, with BatchNorm's moving
 * statistics left alone, and what other layers do to their weights undone.
 * @param x [images, ...shape]
 */
export function trainingLoss(model: tf.LayersModel, x: tf.Tensor, labels: Labels): number {
  let loss = NaN;
  const pass = () =>
    tf.tidy(() => {
      const kept = foreignWeights(model).map((weight) => ({ weight, values: weight.read().clone() }));
      const logits = model.apply(x, { training: true }) as tf.Tensor;
      loss = softmaxCrossEntropy(logits.dataSync() as Float32Array, labels).loss / labels.length;
      for (const { weight, values } of kept) weight.write(values);
    });
  withoutDropout(model, () => reportingStatistics(model, () => {}, pass));
  return loss;
}

/** Weights that the gradient does not move, of layers that are not QFX's own. */
function foreignWeights(model: tf.LayersModel): tf.LayerVariable[] {
  return model.layers.filter((layer) => !isFixedPoint(layer)).flatMap((layer) => layer.nonTrainableWeights);
}
