import { needsAlignment } from '../../../operations/operand.js';
import { foldPrelu } from '../../../operations/prelu.js';
import { arithmeticFor } from '../../../operations/scalars.js';
import type { Lowered, Lowering } from '../lowering.js';
import { slopes } from './slope.js';

/** A slope per channel, where all values of a channel stand at one binary point. */
export function prelu(lowering: Lowering): Lowered | undefined {
  const { node, context } = lowering;
  const { binaryPoints, ...factors } = foldPrelu(context, node, arithmeticFor(context, node));
  return needsAlignment(context.inputs[0], binaryPoints) ? undefined : slopes(lowering, factors);
}
