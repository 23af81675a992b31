import { foldLeakyRelu } from '../../../operations/leaky-relu.js';
import type { LeakyReluAttributes } from '../../../operations/leaky-relu.js';
import { arithmeticFor } from '../../../operations/scalars.js';
import type { Lowered, Lowering } from '../lowering.js';
import { slopes } from './slope.js';

/** One slope. */
export function leakyRelu(lowering: Lowering<LeakyReluAttributes>): Lowered | undefined {
  const { node, context } = lowering;
  return slopes(lowering, foldLeakyRelu(context, node, arithmeticFor(context, node)));
}
