import { createLayers, tf } from '../../../src/autograd/index.js';
import { Random } from '../layers/random.js';

export type Symbol = tf.SymbolicTensor;

/** Image bytes, byte / 256. */
export function byteImages(count: number, shape: readonly number[], seed = 1): tf.Tensor {
  const random = new Random(seed);
  const full = [count, ...shape];
  const length = full.reduce((product, size) => product * size, 1);
  return tf.tensor(
    Float32Array.from({ length }, () => random.integer(0, 255) / 256),
    full,
  );
}

/** One-hot labels of three classes. */
export function threeClasses(count: number): tf.Tensor {
  return tf
    .oneHot(
      tf.tensor1d(
        Array.from({ length: count }, (_, index) => index % 3),
        'int32',
      ),
      3,
    )
    .toFloat();
}

/** A small residual network over [6, 6, 2] bytes with three outputs; every layer has a plain name. */
export function residualNetwork(): tf.LayersModel {
  const layers = createLayers({
    weights: { wordLength: 5, granularity: 'channel' },
    activations: { wordLength: 5 },
    seed: 11,
  });
  const input = tf.input({ shape: [6, 6, 2] });
  const declared = layers.input({ name: 'bytes', wordLength: 8, binaryPoint: 8 }).apply(input) as Symbol;
  const stem = layers.conv2d({ name: 'stem', filters: 4, kernelSize: 3, padding: 'same' }).apply(declared) as Symbol;
  const normalized = layers.batchNormalization({ name: 'norm' }).apply(stem) as Symbol;
  const active = layers.relu({ name: 'active' }).apply(normalized) as Symbol;
  const branch = layers.conv2d({ name: 'branch', filters: 4, kernelSize: 3, padding: 'same' }).apply(active) as Symbol;
  const sum = layers.add({ name: 'sum' }).apply([active, branch]) as Symbol;
  const pooled = layers.maxPooling2d({ name: 'pool' }).apply(layers.relu({ name: 'join' }).apply(sum)) as Symbol;
  const flat = tf.layers.flatten({ name: 'flat' }).apply(pooled) as Symbol;
  const dropped = tf.layers.dropout({ name: 'drop', rate: 0.1, seed: 1 }).apply(flat) as Symbol;
  const logits = layers.dense({ name: 'logits', units: 3 }).apply(dropped) as Symbol;
  return tf.model({ inputs: input, outputs: logits, name: 'residual' });
}

/** Trains a network a little, so that its weights and binary points are not the initial ones. */
export async function trainABit(
  model: tf.LayersModel,
  callbacks: tf.ModelFitArgs['callbacks'] = [],
  epochs = 4,
): Promise<tf.History> {
  const loss = (labels: tf.Tensor, logits: tf.Tensor) => tf.losses.softmaxCrossEntropy(labels, logits);
  model.compile({ optimizer: tf.train.adam(0.005), loss });
  const shape = model.inputs[0].shape.slice(1) as number[];
  return model.fit(byteImages(48, shape, 2), threeClasses(48), { epochs, batchSize: 16, verbose: 0, callbacks });
}
