import type { FixedPointFormat } from '../../qfx/number/type.js';
import type { tf } from '../tensorflow.js';
import { ElementWise } from './element-wise.js';
import type { ElementWiseConfig } from './element-wise.js';
import type { ExactValue } from './exact-cast.js';
import type { ResolvedNode } from './layer.js';
import { planProduct, splitTensor } from './limbs.js';

/** The product of two tensors of one shape, element by element (a gate). */
export class Multiply extends ElementWise {
  static readonly className = 'QfxMultiply';

  constructor(config: ElementWiseConfig) {
    super(config, { operation: 'multiply', inputs: [2, 2] });
  }

  protected override forward([first, second]: readonly tf.Tensor[]): tf.Tensor {
    return first.mul(second);
  }

  protected override exact([first, second]: readonly tf.Tensor[], { operands }: ResolvedNode): ExactValue {
    const [firstFormat, secondFormat] = operands.map(({ format }) => format as FixedPointFormat);
    const [firstSplit, secondSplit] = planProduct(firstFormat, secondFormat, this.where);
    const seconds = splitTensor(second, secondFormat, secondSplit);
    const firsts = splitTensor(first, firstFormat, firstSplit);
    return { parts: firsts.flatMap((a) => seconds.map((b) => a.mul(b))) };
  }
}
