import type { tf } from '../tensorflow.js';
import { ElementWise } from './element-wise.js';
import type { ElementWiseConfig } from './element-wise.js';
import type { ExactValue } from './exact-cast.js';

/** The larger one of two tensors of one shape, element by element. */
export class Maximum extends ElementWise {
  static readonly className = 'QfxMaximum';

  constructor(config: ElementWiseConfig) {
    super(config, { operation: 'maximum', inputs: [2, 2] });
  }

  /** Never negative where one of the inputs isn't. */
  protected override exactIsSigned(): boolean {
    return this.inputsAreSigned().every(Boolean);
  }

  protected override forward([first, second]: readonly tf.Tensor[]): tf.Tensor {
    return first.maximum(second);
  }

  protected override exact(inputs: readonly tf.Tensor[]): ExactValue {
    return { parts: [this.forward(inputs)] };
  }
}
