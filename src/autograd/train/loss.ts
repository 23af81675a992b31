/** Cross-entropy of a batch, and how many of its images were classified correctly. */
export interface LossResult {
  /** Sum over the images, in nats. */
  readonly loss: number;
  /** Images whose largest logit is at their label; ties go to the lowest class. */
  readonly correct: number;
}

/**
 * Softmax cross-entropy on logits [images, classes], row-major. When `gradient` is given, it receives
 * d(mean loss)/d(logits), the mean taken over `meanOver` images (a shard is a part of its batch).
 */
export function softmaxCrossEntropy(
  logits: Float32Array,
  labels: Uint8Array,
  gradient?: { readonly target: Float32Array; readonly meanOver: number },
): LossResult {
  const classes = logits.length / labels.length;
  let loss = 0;
  let correct = 0;
  const exponentials = new Float64Array(classes);
  for (let image = 0; image < labels.length; image++) {
    const start = image * classes;
    let best = 0;
    for (let index = 1; index < classes; index++) if (logits[start + index] > logits[start + best]) best = index;
    const maximum = logits[start + best];
    let sum = 0;
    for (let index = 0; index < classes; index++)
      sum += exponentials[index] = Math.exp(logits[start + index] - maximum);
    loss += Math.log(sum) - (logits[start + labels[image]] - maximum);
    if (best === labels[image]) correct++;
    if (gradient === undefined) continue;
    for (let index = 0; index < classes; index++) {
      const probability = exponentials[index] / sum;
      gradient.target[start + index] = (probability - (index === labels[image] ? 1 : 0)) / gradient.meanOver;
    }
  }
  return { loss, correct };
}
