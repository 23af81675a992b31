import type { Labels } from '../../data/data-set.js';
import { crossEntropyKernel } from '../kernels/cross-entropy.js';

/** Cross-entropy of a batch, and how many of its images were classified correctly. */
export interface LossResult {
  /** Sum over the images, in nats. */
  readonly loss: number;
  /** Images whose largest logit is at their label; ties go to the lowest class. */
  readonly correct: number;
}

/** Labels as the loss takes them: [images, classes], 1 at an image's class and 0 elsewhere. */
export function oneHot(labels: Labels, classes: number): Float32Array {
  const rows = new Float32Array(labels.length * classes);
  labels.forEach((label, image) => (rows[image * classes + label] = 1));
  return rows;
}

/** Softmax cross-entropy on logits [images, classes], row-major. */
export function softmaxCrossEntropy(logits: Float32Array, labels: Labels): LossResult {
  const classes = logits.length / labels.length;
  const shape = [labels.length, classes];
  const losses = new Float32Array(labels.length);
  const gradient = new Float32Array(logits.length);
  crossEntropyKernel.compute([oneHot(labels, classes), logits], [losses, gradient], [shape, shape], { divisor: 1 });
  return sumLosses(losses, logits, labels);
}

/** What a batch says, from the losses of its images. */
export function sumLosses(losses: Float32Array, logits: Float32Array, labels: Labels): LossResult {
  const classes = logits.length / labels.length;
  let correct = 0;
  for (let image = 0; image < labels.length; image++) {
    const start = image * classes;
    let best = 0;
    for (let index = 1; index < classes; index++) if (logits[start + index] > logits[start + best]) best = index;
    if (best === labels[image]) correct++;
  }
  return { loss: losses.reduce((sum, loss) => sum + loss, 0), correct };
}
