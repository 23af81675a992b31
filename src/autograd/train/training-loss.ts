import type { Labels } from '../../data/data-set.js';
import { tf, withoutDropout } from '../tensorflow.js';
import { reportingStatistics } from './batch-statistics.js';
import { softmaxCrossEntropy } from './loss.js';

/**
 * Mean cross-entropy of a training pass over one batch that changes nothing: without dropout, with BatchNorm's moving
 * statistics left alone.
 * @param x [images, ...shape]
 */
export function trainingLoss(model: tf.LayersModel, x: tf.Tensor, labels: Labels): number {
  let loss = NaN;
  const pass = () =>
    tf.tidy(() => {
      const logits = model.apply(x, { training: true }) as tf.Tensor;
      loss = softmaxCrossEntropy(logits.dataSync() as Float32Array, labels).loss / labels.length;
    });
  withoutDropout(model, () => reportingStatistics(model, () => {}, pass));
  return loss;
}
