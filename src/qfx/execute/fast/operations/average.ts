import { foldReciprocals } from '../../../operations/average.js';
import type { PoolingWindows } from '../../../operations/pooling.js';
import { arithmeticFor } from '../../../operations/scalars.js';
import { allWithin } from '../lowering.js';
import type { Lowered, Lowering } from '../lowering.js';
import { pool } from './pooling.js';

/** Windows of more values than this are left to the reference. */
const maximumTaps = 2 ** 16;

/**
 * Exact sums times the reciprocals of their numbers of values.
 * @param counts the numbers of values that the reciprocals belong to
 */
export function average(lowering: Lowering, windows: PoolingWindows, counts: readonly number[]): Lowered | undefined {
  const { node, context, arena } = lowering;
  const most = Math.max(...counts);
  if (most > maximumTaps) return undefined;
  return pool(lowering, windows, {
    between: [node.intermediateTypes.sum],
    factors(bits) {
      const folded = foldReciprocals(context, node.exactType.binaryPoint, arithmeticFor(context, node));
      const factors = allWithin(folded, bits);
      if (!factors) return undefined;
      const table = new BigInt64Array(most + 1);
      counts.forEach((count, index) => (table[count] = factors[index]));
      return arena.constant(bits === 64 ? table : Int32Array.from(table, Number));
    },
  });
}
