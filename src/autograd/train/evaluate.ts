import type { DataSet, ImagePart, Labels } from '../../data/data-set.js';
import type { tf } from '../tensorflow.js';
import { infer } from './infer.js';
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
  options: { readonly signal?: AbortSignal } = {},
): Promise<Evaluation> {
  return score(await infer(model, part, shape, { signal: options.signal }), part.labels);
}

/** Loss and accuracy of logits [images, classes], row-major. */
export function score(logits: Float32Array, labels: Labels): Evaluation {
  const images = labels.length;
  const { loss, correct } = softmaxCrossEntropy(logits, labels);
  return { images, loss: loss / images, accuracy: correct / images };
}
