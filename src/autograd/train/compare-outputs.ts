import type { DataSet, ImagePart } from '../../data/data-set.js';
import type { tf } from '../tensorflow.js';
import { infer } from './infer.js';

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
  const scale = 2 ** binaryPoint;
  const outputs = await infer(model, part, shape, { signal });
  let differing = 0;
  for (let index = 0; index < outputs.length; index++)
    if (outputs[index] * scale !== Number(expected[index])) differing++;
  // A count that is off means that something was not compared at all.
  return differing + Math.max(0, expected.length - outputs.length);
}
