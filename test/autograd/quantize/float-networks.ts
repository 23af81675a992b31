import { tf } from '../../../src/autograd/index.js';
import { randomStream } from '../../../src/autograd/train/random.js';

type Tensor = tf.SymbolicTensor;

/** Gives every weight of a model random values, positive where they are variances. */
export function randomize(model: tf.LayersModel, seed: number): tf.LayersModel {
  const random = randomStream(seed);
  const uniform = () => random.bits() / 2 ** 31 - 1;
  model.setWeights(
    model.weights.map((weight) => {
      const isPositive = /variance|gamma/.test(weight.originalName);
      const values = Float32Array.from({ length: weight.read().size }, () =>
        isPositive ? 1.25 + uniform() : 0.7 * uniform(),
      );
      return tf.tensor(values, weight.shape as number[]);
    }),
  );
  return model;
}

/** All that can be converted, in one network of 8 x 8 images and three classes; averages over powers of two. */
export function everything(): tf.LayersModel {
  const { layers } = tf;
  const image = tf.input({ shape: [8, 8, 1], name: 'image' });
  const scaled = layers.rescaling({ name: 'scaled', scale: 1.7, offset: -0.3 }).apply(image);
  const padded = layers
    .zeroPadding2d({
      name: 'zeros',
      padding: [
        [2, 0],
        [1, 1],
      ],
    })
    .apply(scaled);
  const stem = layers.conv2d({ name: 'stem', filters: 4, kernelSize: 3, activation: 'relu6' }).apply(padded);
  const conv = layers
    .conv2d({ name: 'conv', filters: 4, kernelSize: [3, 2], strides: [1, 1], padding: 'same', useBias: false })
    .apply(stem);
  const norm = layers.batchNormalization({ name: 'norm', epsilon: 0.01 }).apply(conv);
  const sum = layers.add({ name: 'sum' }).apply([norm, stem] as Tensor[]);
  const active = layers.reLU({ name: 'active', maxValue: 3 }).apply(sum);
  const block = tf.sequential({ name: 'block' });
  block.add(
    layers.depthwiseConv2d({
      inputShape: [8, 8, 4],
      name: 'depthwise',
      kernelSize: 3,
      depthMultiplier: 2,
      padding: 'same',
    }),
  );
  block.add(layers.activation({ name: 'inner', activation: 'relu' }));
  const deep = block.apply(active) as Tensor;
  const largest = layers.maxPooling2d({ name: 'largest', poolSize: [1, 2], padding: 'same' }).apply(deep);
  const average = layers.averagePooling2d({ name: 'average', poolSize: [1, 2] }).apply(deep);
  const both = layers.concatenate({ name: 'both' }).apply([largest, average] as Tensor[]);
  const dropped = layers.dropout({ name: 'dropped', rate: 0.5 }).apply(both);
  const shaped = layers.reshape({ name: 'shaped', targetShape: [8, 2, 32] }).apply(dropped);
  const flat = layers.flatten({ name: 'flat' }).apply(shaped);
  const peaks = layers.globalMaxPooling2d({ name: 'peaks' }).apply(both);
  const ends = layers.concatenate({ name: 'ends', axis: 1 }).apply([flat, peaks] as Tensor[]);
  const hidden = layers.dense({ name: 'hidden', units: 6, activation: 'relu' }).apply(ends);
  const hiddenNorm = layers.batchNormalization({ name: 'hidden_norm' }).apply(hidden);
  const linear = layers.activation({ name: 'linear', activation: 'linear' }).apply(hiddenNorm);
  const classes = layers.dense({ name: 'classes', units: 3, activation: 'softmax' }).apply(linear);
  return randomize(tf.model({ inputs: image, outputs: classes as Tensor, name: 'everything' }), 1);
}

/** The same of activation functions, gates and what moves pixels, with a dense layer over pixels and a softmax within. */
export function functions(): tf.LayersModel {
  const { layers } = tf;
  const image = tf.input({ shape: [8, 8, 1], name: 'image' });
  const stem = layers.conv2d({ name: 'stem', filters: 4, kernelSize: 1, activation: 'tanh' }).apply(image);
  const pooled = layers.maxPooling2d({ name: 'pooled', poolSize: 2 }).apply(stem);
  const large = layers.upSampling2d({ name: 'large', size: [2, 2] }).apply(pooled);
  const gate = layers.conv2d({ name: 'gate', filters: 4, kernelSize: 1, activation: 'sigmoid' }).apply(image);
  const gated = layers.multiply({ name: 'gated' }).apply([gate, large] as Tensor[]);
  const higher = layers.maximum({ name: 'higher' }).apply([gated, stem] as Tensor[]);
  const lower = layers.minimum({ name: 'lower' }).apply([gated, stem] as Tensor[]);
  const short = layers.leakyReLU({ name: 'short', alpha: 0.375 }).apply(lower);
  const long = layers.leakyReLU({ name: 'long', alpha: 0.3 }).apply(lower);
  const none = layers.leakyReLU({ name: 'none', alpha: 0 }).apply(lower);
  const each = layers.prelu({ name: 'each', sharedAxes: [1, 2] }).apply(lower);
  const all = layers.concatenate({ name: 'all' }).apply([higher, short, long, none, each] as Tensor[]);
  const mixed = layers.dense({ name: 'mixed', units: 4, activation: 'swish' }).apply(all);
  const shares = layers.softmax({ name: 'shares', axis: -1 }).apply(mixed);
  const zeros = layers
    .zeroPadding2d({
      name: 'zeros',
      padding: [
        [1, 0],
        [0, 2],
      ],
    })
    .apply(shares);
  const kept = layers.averagePooling2d({ name: 'kept', poolSize: [1, 2] }).apply(zeros);
  const smooth = layers.activation({ name: 'smooth', activation: 'gelu' }).apply(kept);
  const flat = layers.flatten({ name: 'flat' }).apply(smooth);
  const classes = layers.dense({ name: 'classes', units: 3 }).apply(flat);
  return randomize(tf.model({ inputs: image, outputs: classes as Tensor, name: 'functions' }), 2);
}

/** A small sequential classifier of 8 x 8 images, with a normalisation that can be folded. */
export function small(): tf.LayersModel {
  const { layers } = tf;
  const model = tf.sequential({
    name: 'small',
    layers: [
      layers.conv2d({
        inputShape: [8, 8, 1],
        name: 'conv',
        filters: 4,
        kernelSize: 3,
        padding: 'same',
        useBias: false,
      }),
      layers.batchNormalization({ name: 'norm' }),
      layers.activation({ name: 'active', activation: 'relu' }),
      layers.globalAveragePooling2d({ name: 'pool' }),
      layers.dense({ name: 'classes', units: 3 }),
    ],
  });
  return randomize(model, 2);
}
