import type { DataSet, ImagePart } from '../../data/data-set.js';
import type { tf } from '../tensorflow.js';
import { infer } from './infer.js';
import type { InferenceHelpers } from './infer.js';
import { softmaxCrossEntropy } from './loss.js';

/** How well a network does on some images. */
export interface Evaluation {
  readonly images: number;
  /** Mean cross-entropy, in nats. */
  readonly loss: number;
  /** Fraction 0..1 of images whose largest logit is at their label. */
  readonly accuracy: number;
}

/**
 * Loss and accuracy of the inference path over images of a data set.
 * Throws the signal's reason when it is aborted.
 */
export async function evaluate(
  model: tf.LayersModel,
  part: ImagePart,
  shape: DataSet['shape'],
  options: { readonly signal?: AbortSignal; readonly helpers?: InferenceHelpers } = {},
): Promise<Evaluation> {
  const images = part.labels.length;
  const outputs = await infer(model, part, shape, options);
  const { loss, correct } = softmaxCrossEntropy(outputs, part.labels);
  return { images, loss: loss / images, accuracy: correct / images };
}
