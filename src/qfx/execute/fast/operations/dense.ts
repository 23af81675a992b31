import { describeDense } from '../../../operations/dense.js';
import type { NoAttributes } from '../../../operations/checks.js';
import type { Lowered, Lowering } from '../lowering.js';
import { weightedSum } from './weighted-sum.js';

export function dense(lowering: Lowering<NoAttributes>): Lowered | undefined {
  return weightedSum(lowering, describeDense(lowering.context));
}
