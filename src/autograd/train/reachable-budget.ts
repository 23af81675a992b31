import { QfxError } from '../../qfx/errors.js';
import { listLargest } from '../freeze/budget.js';
import type { BitOperations, LeastBitOperations } from './bit-operations.js';

/**
 * Refuses a budget that no training can keep, before it has begun.
 * @param budget bit operations of an image
 * @throws QfxError that says what remains with the shortest words, and in which layers
 */
export function requireReachable(operations: BitOperations, budget: number): void {
  const least = operations.least();
  const total = least.reduce((sum, { bitOperations }) => sum + bitOperations, 0);
  if (total <= budget) return;
  throw new QfxError(
    'training.resources',
    `${budget} bit operations, but ${total} remain with the shortest words of all channels: ${listLargest(least, describe)}; ` +
      'give these layers shorter or learned words, or allow more',
  );
}

function describe({ layer, bitOperations, bits: { constants, values } }: LeastBitOperations): string {
  return `layer "${layer}" ${bitOperations} (constants of ${constants} bits, values of ${values})`;
}
