import type { tf } from '../tensorflow.js';
import { ElementWise } from './element-wise.js';
import type { ElementWiseConfig } from './element-wise.js';
import type { ExactValue } from './exact-cast.js';

/** The first tensor less the second one of the same shape; binary points are aligned exactly. */
export class Subtract extends ElementWise {
  static readonly className = 'QfxSubtract';

  constructor(config: ElementWiseConfig) {
    super(config, { operation: 'subtract', inputs: [2, 2] });
  }

  protected override exactIsSigned(): boolean {
    return true;
  }

  protected override forward([first, second]: readonly tf.Tensor[]): tf.Tensor {
    return first.sub(second);
  }

  protected override exact([first, second]: readonly tf.Tensor[]): ExactValue {
    return { parts: [first, second.neg()] };
  }
}
