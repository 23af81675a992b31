import { whileFreezing } from '../layers/layer.js';
import { tf } from '../tensorflow.js';

export function freezeBinaryPoints(model: tf.LayersModel, images: tf.Tensor): void {
  whileFreezing(() => tf.tidy(() => void model.apply(images, { training: false })));
}
export function freezeStatistics(_model: tf.LayersModel, _images: tf.Tensor): void {}
