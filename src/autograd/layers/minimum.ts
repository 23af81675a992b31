import type { tf } from '../tensorflow.js';
import { ElementWise } from './element-wise.js';
import type { ElementWiseConfig } from './element-wise.js';
import type { ExactValue } from './exact-cast.js';

/** The smaller one of two tensors of one shape, element by element. */
export class Minimum extends ElementWise {
  static readonly className = 'QfxMinimum';

  constructor(config: ElementWiseConfig) {
    super(config, { operation: 'minimum', inputs: [2, 2] });
  }

  protected override forward([first, second]: readonly tf.Tensor[]): tf.Tensor {
    return first.minimum(second);
  }

  protected override exact(inputs: readonly tf.Tensor[]): ExactValue {
    return { parts: [this.forward(inputs)] };
  }
}
