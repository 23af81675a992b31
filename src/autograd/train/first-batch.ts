import { tf, withoutDropout } from '../tensorflow.js';
import { reportingStatistics } from './batch-statistics.js';

/**
 * Lets every quantizer that has no binary point yet find it on a whole batch, in a training pass that changes nothing else:
 * without dropout, which hardware has not either, and with BatchNorm's moving statistics left alone.
 * @param images [images, height, width, channels]
 */
export function placeBinaryPoints(model: tf.LayersModel, images: tf.Tensor): void {
  const pass = () => tf.tidy(() => void model.apply(images, { training: true }));
  withoutDropout(model, () => reportingStatistics(model, () => {}, pass));
}
