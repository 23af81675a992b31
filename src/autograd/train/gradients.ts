import type { DataSet } from '../../data/data-set.js';
import { tf } from '../tensorflow.js';
import type { Batch } from './batches.js';
import { softmaxCrossEntropy } from './loss.js';
import type { LossResult } from './loss.js';
import type { ModelWeight } from './model-weights.js';
import type { Parameter } from './optimizers.js';

/** What one part of a batch says about the weights. */
export interface ShardGradients extends LossResult {
  /** Slopes of the batch's mean loss that come from this shard, one for each weight given; zeros where nothing depends on it. */
  readonly gradients: readonly Float32Array[];
}

/** Equal consecutive parts of a batch. */
export function cutIntoShards(batch: Batch, shards: number): Batch[] {
  const length = batch.labels.length / shards;
  const values = batch.images.length / shards;
  return Array.from({ length: shards }, (_, shard) => ({
    images: batch.images.subarray(shard * values, (shard + 1) * values),
    labels: batch.labels.subarray(shard * length, (shard + 1) * length),
  }));
}

/** The gradients of one shard; `batchSize` is the number of images that the loss is a mean over. */
export function shardGradients(
  model: tf.LayersModel,
  weights: readonly ModelWeight[],
  shard: Batch,
  shape: DataSet['shape'],
  batchSize: number,
): ShardGradients {
  let result: LossResult = { loss: 0, correct: 0 };
  const lossOf = tf.customGrad((logits) => {
    const values = (logits as tf.Tensor).dataSync() as Float32Array;
    const target = new Float32Array(values.length);
    result = softmaxCrossEntropy(values, shard.labels, { target, meanOver: batchSize });
    const { shape: logitsShape } = logits as tf.Tensor;
    return {
      value: tf.scalar(result.loss / batchSize),
      gradFunc: (dy: tf.Tensor) => tf.tensor(target, logitsShape, 'float32').mul(dy),
    };
  });
  let gradients: Float32Array[] = [];
  // The tensor library looks for tensors in whatever a tidy returns, element by element: return nothing.
  tf.tidy(() => {
    const x = tf.tensor(shard.images, [shard.labels.length, ...shape], 'float32');
    const { grads } = tf.variableGrads(
      () => lossOf(model.apply(x, { training: true }) as tf.Tensor) as tf.Scalar,
      weights.map((weight) => weight.variable),
    );
    gradients = weights.map(({ variable }) =>
      variable.name in grads
        ? (grads[variable.name].dataSync() as Float32Array).slice()
        : new Float32Array(variable.size),
    );
  });
  return { ...result, gradients };
}

/** Adds shards in their order, so that the sum does not depend on who computed them when. */
export function sumShards(weights: readonly ModelWeight[], shards: readonly ShardGradients[]): Parameter[] {
  return weights.map((weight, position) => {
    const gradient = shards[0].gradients[position];
    for (const shard of shards.slice(1))
      for (let index = 0; index < gradient.length; index++) gradient[index] += shard.gradients[position][index];
    return { key: weight.key, values: weight.read(), gradient };
  });
}
