import type { tf } from '../tensorflow.js';
import { ElementWise } from './element-wise.js';
import type { ElementWiseConfig } from './element-wise.js';
import type { ExactValue } from './exact-cast.js';

/** The sum of two or more tensors of one shape (a shortcut); binary points are aligned exactly. */
export class Add extends ElementWise {
  static readonly className = 'QfxAdd';

  constructor(config: ElementWiseConfig) {
    super(config, { operation: 'add', inputs: [2, Infinity] });
  }

  protected override forward(inputs: readonly tf.Tensor[]): tf.Tensor {
    return inputs.slice(1).reduce((sum, input) => sum.add(input), inputs[0]);
  }

  protected override exact(inputs: readonly tf.Tensor[]): ExactValue {
    return { parts: inputs };
  }
}
