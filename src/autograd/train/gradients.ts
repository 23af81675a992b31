import type { DataSet } from '../../data/data-set.js';
import { crossEntropyKernel } from '../kernels/cross-entropy.js';
import { differentiable, peek, runKernel, tf } from '../tensorflow.js';
import type { Batch } from './batches.js';
import { distilledLosses, teacherLogits } from './distillation.js';
import type { Distillation } from './distillation.js';
import { oneHot, sumLosses } from './loss.js';
import type { LossResult } from './loss.js';
import type { ModelWeight } from './model-weights.js';

/** A network that another one learns from, and how much. */
export interface Teaching extends Distillation {
  readonly teacher: tf.LayersModel;
}

/**
 * The gradients of one shard: slopes of the batch's mean loss that come from it.
 * @param batchSize images that the loss is a mean over: those of all shards
 * @param teaching where the network learns from another one, too
 * @param targets get the gradients, one for each weight given; zeros where nothing depends on it
 */
export function shardGradients(
  model: tf.LayersModel,
  weights: readonly ModelWeight[],
  shard: Batch,
  shape: DataSet['shape'],
  batchSize: number,
  targets: readonly Float32Array[],
  teaching?: Teaching,
): LossResult {
  let result: LossResult = { loss: 0, correct: 0 };
  const lossOf = (logits: tf.Tensor, answers: tf.Tensor | undefined) =>
    differentiable(
      [logits],
      ([values]) => {
        const [images, classes] = values.shape;
        const labels = tf.tensor(oneHot(shard.labels, classes), [images, classes], 'float32');
        const { losses, gradient } =
          teaching === undefined || answers === undefined
            ? crossEntropies(labels, values, batchSize)
            : distilledLosses(labels, values, answers, teaching, batchSize);
        result = sumLosses(peek(losses), peek(values), shard.labels);
        return { value: tf.scalar(result.loss / batchSize), saved: [gradient] };
      },
      // The loss is the end of the pass: there is nothing behind it to multiply with.
      (_dy, [gradient]) => [gradient],
    );
  tf.tidy(() => {
    const x = tf.tensor(shard.images, [shard.labels.length, ...shape], 'float32');
    const answers = teaching && teacherLogits(teaching.teacher, x);
    const { grads } = tf.variableGrads(
      () => lossOf(model.apply(x, { training: true }) as tf.Tensor, answers) as tf.Scalar,
      weights.map((weight) => weight.variable),
    );
    weights.forEach(({ variable }, position) => {
      if (variable.name in grads) targets[position].set(peek(grads[variable.name]));
      else targets[position].fill(0);
    });
  });
  return result;
}

function crossEntropies(labels: tf.Tensor, logits: tf.Tensor, divisor: number) {
  const [losses, gradient] = runKernel(crossEntropyKernel.name, { labels, logits }, { divisor });
  return { losses, gradient };
}

/** Adds the gradients of shards to those of the first, in their order: the sum does not depend on who computed them when. */
export function sumShards([first, ...others]: readonly (readonly Float32Array[])[]): readonly Float32Array[] {
  for (const shard of others)
    first.forEach((sum, position) => {
      const part = shard[position];
      for (let index = 0; index < sum.length; index++) sum[index] += part[index];
    });
  return first;
}
