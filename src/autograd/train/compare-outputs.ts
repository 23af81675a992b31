import type { DataSet, ImagePart } from '../../data/data-set.js';
import { tf } from '../tensorflow.js';
import { makeBatch } from './batches.js';
import { breathe } from './evaluate.js';

const imagesAtOnce = 200;

/**
 * Runs the trained network's inference path over images and counts the outputs that differ from raw integers.
 * @param expected raw integers of the network's only output, image after image, for all images of `part`
 * @param binaryPoint of those integers
 * @throws the signal's reason when it is aborted
 */
export async function countDifferingOutputs(
  model: tf.LayersModel,
  part: ImagePart,
  shape: DataSet['shape'],
  expected: ArrayLike<number | bigint>,
  binaryPoint: number,
  signal?: AbortSignal,
): Promise<number> {
  const images = part.labels.length;
  const scale = 2 ** binaryPoint;
  let compared = 0;
  let differing = 0;
  for (let start = 0; start < images; start += imagesAtOnce) {
    signal?.throwIfAborted();
    const length = Math.min(imagesAtOnce, images - start);
    const indices = Array.from({ length }, (_, index) => start + index);
    const values = tf.tidy(() => {
      const x = tf.tensor(makeBatch(part, shape, indices).images, [length, ...shape], 'float32');
      return (model.apply(x, { training: false }) as tf.Tensor).dataSync();
    });
    for (const value of values) if (value * scale !== Number(expected[compared++])) differing++;
    await breathe();
  }
  // A count that is off means that something was not compared at all.
  return differing + Math.abs(expected.length - compared);
}
