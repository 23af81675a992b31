import { Quantizer } from '../../../src/autograd/quantizer.js';
import type { OwnedVariable, QuantizerConfig } from '../../../src/autograd/quantizer.js';
import { tf } from '../../../src/autograd/tensorflow.js';

/** A quantizer whose weights are variables that the test holds. */
export function makeQuantizer(config: QuantizerConfig, shape: readonly (number | null)[]) {
  const quantizer = new Quantizer(config, 'tested');
  const made = new Map<string, tf.Variable>();
  const addWeight = (name: string, size: number[], initialValue: number, trainable: boolean): OwnedVariable => {
    const variable = tf.variable(tf.fill(size, initialValue), trainable);
    made.set(name, variable);
    return { read: () => variable, write: (value) => variable.assign(value) };
  };
  quantizer.createVariables(addWeight, shape);
  return {
    quantizer,
    weights: {
      get theta() {
        return made.get('tested_theta') as tf.Variable;
      },
      get integerTheta() {
        return made.get('tested_integer_theta') as tf.Variable;
      },
      get state() {
        return made.get('tested_state') as tf.Variable;
      },
    },
  };
}
