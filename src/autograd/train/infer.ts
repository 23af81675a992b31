import type { DataSet, ImagePart } from '../../data/data-set.js';
import { tf } from '../tensorflow.js';
import { makeBatch } from './batches.js';

const imagesAtOnce = 200;

/** Lets timers, signals and progress bars have their turn between two pieces of computing. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The network's results for some consecutive images. */
export interface InferredBatch {
  /** Values of the only output, image after image. */
  readonly outputs: Float32Array;
  readonly labels: Uint8Array;
}

/**
 * Runs the inference path (no batch statistics, all casts) over images of a data set, in their order.
 * Throws the signal's reason when it is aborted.
 */
export async function* infer(
  model: tf.LayersModel,
  part: ImagePart,
  shape: DataSet['shape'],
  signal?: AbortSignal,
): AsyncGenerator<InferredBatch> {
  const images = part.labels.length;
  for (let start = 0; start < images; start += imagesAtOnce) {
    signal?.throwIfAborted();
    const length = Math.min(imagesAtOnce, images - start);
    const batch = makeBatch(
      part,
      shape,
      Array.from({ length }, (_, index) => start + index),
    );
    let outputs = new Float32Array();
    tf.tidy(() => {
      const x = tf.tensor(batch.images, [length, ...shape], 'float32');
      outputs = (model.apply(x, { training: false }) as tf.Tensor).dataSync() as Float32Array<ArrayBuffer>;
    });
    yield { outputs, labels: batch.labels };
    await breathe();
  }
}
