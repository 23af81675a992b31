import { needsAlignment } from '../../../operations/operand.js';
import { arithmeticFor } from '../../../operations/scalars.js';
import { foldWeightedSum } from '../../../operations/weighted-sum.js';
import type { WeightedSum } from '../../../operations/weighted-sum.js';
import { allWithin, toInt32 } from '../lowering.js';
import type { Lowered, Lowering } from '../lowering.js';
import { fits } from '../storage.js';
import { sumOnPairs } from './weighted-sum-int16.js';
import { sumOnIntegers } from './weighted-sum-int64.js';

/**
 * A convolution or a dense layer. On int16 where operand and weights are that narrow and all partial sums are proven to fit
 * int32, else on int64.
 */
export function weightedSum(lowering: Lowering, sum: WeightedSum): Lowered | undefined {
  const { node, context } = lowering;
  const [input] = lowering.inputs;
  const folded = foldWeightedSum(sum, node, arithmeticFor(context, node));
  if (needsAlignment(sum.operand, folded.binaryPoints)) return undefined;
  if (!fits(input.format, 64) || !fits(node.exactType, 64)) return undefined;
  const narrow = input.storage === 1 && fits(node.exactType, 32) ? allWithin(folded.weights, 16) : undefined;
  const narrowBias = toInt32(folded.bias);
  if (narrow && narrowBias) return sumOnPairs(lowering, sum, narrow.map(Number), narrowBias);
  const [weights, bias] = [allWithin(folded.weights, 64), allWithin(folded.bias, 64)];
  return weights && bias && sumOnIntegers(lowering, sum, { weights, bias });
}
