import { tf, withoutDropout } from '../tensorflow.js';
import { reportingStatistics } from './batch-statistics.js';

/**
 * Lets every quantizer that has no binary point yet find it on a whole batch, in a training pass that changes nothing else:
 * without dropout, which hardware has not either, and with BatchNorm's moving statistics left alone.
 * @param images [images, height, width, channels], row-major
 */
export function placeBinaryPoints(model: tf.LayersModel, images: Float32Array, shape: readonly number[]): void {
  const pass = () => tf.tidy(() => void model.apply(tf.tensor(images, [...shape], 'float32'), { training: true }));
  withoutDropout(model, () => reportingStatistics(model, () => {}, pass));
}
