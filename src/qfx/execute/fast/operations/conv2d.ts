import { describeConvolution } from '../../../operations/conv2d.js';
import type { Conv2dAttributes } from '../../../operations/conv2d.js';
import type { Lowered, Lowering } from '../lowering.js';
import { weightedSum } from './weighted-sum.js';

export function conv2d(lowering: Lowering<Conv2dAttributes>): Lowered | undefined {
  return weightedSum(lowering, describeConvolution(lowering.context));
}
