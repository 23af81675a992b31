import { createLayers } from '../../src/autograd/layers/index.js';
import { tf } from '../../src/autograd/tensorflow.js';
import { modelWeights } from '../../src/autograd/train/model-weights.js';
import { bars } from './synthetic.js';

/** 500 test images are three pieces of an evaluation. */
export const data = bars({ train: 330, test: 500 });
/** 30 images in 4 shards: of 7, 8, 7 and 8. */
export const training = {
  epochs: 2,
  batchSize: 30,
  shards: 4,
  seed: 7,
  learningRate: { schedule: 'cosine', rate: 0.02, warmUpSteps: 2 },
  augmentation: { crop: 1 },
  freezing: { binaryPoints: 0.5, statistics: 0.7, images: 64 },
  logEvery: 4,
} as const;

/** Everything that a shard could get wrong: batch statistics, random places, learned binary points. */
export function network({ dropout = 0.1, extra = [] as tf.layers.Layer[] } = {}): tf.LayersModel {
  const q = createLayers({ seed: 3, weights: { wordLength: 5 }, activations: { wordLength: 5 } });
  return tf.sequential({
    layers: [
      q.input({ name: 'image', inputShape: [8, 8, 1], wordLength: 8, binaryPoint: 8 }),
      q.conv2d({ name: 'conv', filters: 3, kernelSize: 3, strides: 2 }),
      q.batchNormalization({ name: 'norm', momentum: 0.8 }),
      q.relu({ name: 'relu' }),
      q.flatten({ name: 'flat' }),
      tf.layers.dropout({ name: 'drop', rate: dropout, seed: 5 }),
      q.dense({ name: 'classes', units: 3 }),
      ...extra,
    ],
  });
}

export const weightsOf = (model: tf.LayersModel) => modelWeights(model).map(({ key, read }) => [key, [...read()]]);

/** A layer of a user's own at the end of a network. */
export class Ending extends tf.layers.Layer {
  static readonly className: string = 'TestEnding';
  override call(inputs: tf.Tensor | tf.Tensor[], _kwargs: { training?: boolean }): tf.Tensor {
    return (Array.isArray(inputs) ? inputs[0] : inputs).clone();
  }
}

/** Counts its calls in a weight. */
export class Counting extends Ending {
  static override readonly className = 'TestCounting';
  private count: tf.LayerVariable | undefined;
  override build(inputShape: tf.Shape): void {
    this.count = this.addWeight('count', [1], 'float32', tf.initializers.zeros(), undefined, false);
    super.build(inputShape);
  }
  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: { training?: boolean }): tf.Tensor {
    if (kwargs.training === true) tf.tidy(() => void this.count?.write(this.count.read().add(1)));
    return super.call(inputs, kwargs);
  }
}
