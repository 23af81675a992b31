import type { DataSet, ImagePart } from '../../data/data-set.js';
import { tf } from '../tensorflow.js';
import { makeBatch } from './batches.js';
import { softmaxCrossEntropy } from './loss.js';

const imagesAtOnce = 200;

/** How well a network does on some images. */
export interface Evaluation {
  readonly images: number;
  /** Mean cross-entropy, in nats. */
  readonly loss: number;
  /** Fraction 0..1 of images whose largest logit is at their label. */
  readonly accuracy: number;
}

/** Lets timers, signals and progress bars have their turn between two pieces of computing. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Runs the inference path (no batch statistics, all casts) over images of a data set.
 * Throws the signal's reason when it is aborted.
 */
export async function evaluate(
  model: tf.LayersModel,
  part: ImagePart,
  shape: DataSet['shape'],
  options: { readonly signal?: AbortSignal; readonly onProgress?: (images: number) => void } = {},
): Promise<Evaluation> {
  const images = part.labels.length;
  let loss = 0;
  let correct = 0;
  for (let start = 0; start < images; start += imagesAtOnce) {
    options.signal?.throwIfAborted();
    const length = Math.min(imagesAtOnce, images - start);
    const batch = makeBatch(
      part,
      shape,
      Array.from({ length }, (_, index) => start + index),
    );
    const logits = tf.tidy(() => {
      const x = tf.tensor(batch.images, [length, ...shape], 'float32');
      return (model.apply(x, { training: false }) as tf.Tensor).dataSync() as Float32Array;
    });
    const result = softmaxCrossEntropy(logits, batch.labels);
    loss += result.loss;
    correct += result.correct;
    options.onProgress?.(start + length);
    await breathe();
  }
  return { images, loss: loss / images, accuracy: correct / images };
}
