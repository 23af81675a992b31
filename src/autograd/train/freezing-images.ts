import type { ImagePart, ImageShape, Labels } from '../../data/data-set.js';
import { tf } from '../tensorflow.js';
import { epochOrder, makeBatch } from './batches.js';
import type { TrainingConfig } from './options.js';

/**
 * Shows `measure` the training images on which a run decides what becomes final: `freezing.images` of them, which the seed chooses.
 * @param config of the run; without `augmentation` they stay as they are
 */
export async function onFreezingImages<Result>(
  part: ImagePart,
  shape: ImageShape,
  { freezing, seed, augmentation }: Pick<TrainingConfig, 'freezing' | 'seed' | 'augmentation'>,
  measure: (x: tf.Tensor, labels: Labels) => Result | Promise<Result>,
): Promise<Result> {
  // Epoch -1 never occurs: the choice has a random order of its own.
  const epoch = -1;
  const indices = epochOrder(part.labels.length, seed, epoch).subarray(0, freezing.images);
  const changes = augmentation && { augmentation, seed, epoch };
  const { images, labels } = makeBatch(part, shape, indices, changes);
  const x = tf.tensor(images, [indices.length, ...shape], 'float32');
  try {
    return await measure(x, labels);
  } finally {
    x.dispose();
  }
}
