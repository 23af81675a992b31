import type { DataSet, ImagePart } from '../../data/data-set.js';
import { QfxError } from '../../qfx/errors.js';
import { tf } from '../tensorflow.js';
import { makeBatch } from './batches.js';

/** Real images on which a frozen graph is compared with its network. */
export const comparedImages = 64;

/** Samples for `freeze`: the first `comparedImages` of the test images, then of the training images. */
export function samplesOf({ test, train, shape }: DataSet): tf.Tensor {
  const tested = Math.min(comparedImages, test.labels.length);
  return tf.tidy(() =>
    tf.concat([firstImages(test, shape, tested), firstImages(train, shape, comparedImages - tested)]),
  );
}

/**
 * The first images of a part of a data set as a network takes them: [count, height, width, channels], bytes * 2^-8. Samples
 * for `freeze`.
 * @throws QfxError when there are fewer
 */
export function firstImages(part: ImagePart, shape: DataSet['shape'], count: number): tf.Tensor {
  if (count > part.labels.length) {
    throw new QfxError('firstImages', `${count} images asked for, the data set has ${part.labels.length}`);
  }
  const indices = Array.from({ length: count }, (_, index) => index);
  return tf.tensor(makeBatch(part, shape, indices).images, [count, ...shape], 'float32');
}
