import { QfxError } from '../../qfx/errors.js';
import { tf } from '../tensorflow.js';
import { copyOf } from './copy.js';

/** A weight of a model, trainable or not, under a key that is the same in every process that builds the same model. */
export interface ModelWeight {
  /** Position of the layer and the weight's own name; layers' automatic names count on within a process, so they stay out. */
  readonly key: string;
  /** Name of its layer, for messages. */
  readonly layer: string;
  readonly shape: readonly number[];
  /** As it is now. */
  readonly trainable: boolean;
  /** The variable behind it, as the gradient tape knows it. */
  readonly variable: tf.Variable;
  /** A copy of the values. */
  read(): Float32Array;
  /** Copies the values: they may be memory that changes later. */
  write(values: Float32Array): void;
}

/** All weights of a model in the order of its layers. Throws QfxError when two of a layer have the same name. */
export function modelWeights(model: tf.LayersModel): ModelWeight[] {
  const seen = new Set<string>();
  return model.layers.flatMap((layer, position) =>
    layer.weights.map((weight): ModelWeight => {
      const prefix = `${layer.name}/`;
      const name = weight.originalName.startsWith(prefix)
        ? weight.originalName.slice(prefix.length)
        : weight.originalName;
      const key = `${String(position).padStart(3, '0')}/${name}`;
      if (seen.has(key)) throw new QfxError(`layer "${layer.name}"`, `two weights are named "${name}"`);
      seen.add(key);
      return {
        key,
        layer: layer.name,
        shape: weight.shape as number[],
        get trainable() {
          return weight.trainable;
        },
        variable: weight.read() as tf.Variable,
        read: () => (weight.read().dataSync() as Float32Array).slice(),
        write: (values) =>
          tf.tidy(() => void weight.write(tf.tensor(copyOf(values), weight.shape as number[], 'float32'))),
      };
    }),
  );
}
