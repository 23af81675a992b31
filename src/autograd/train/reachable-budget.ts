import { QfxError } from '../../qfx/errors.js';
import type { BitOperations, LeastBitOperations } from './bit-operations.js';

/** How many layers a message names. */
const namedLayers = 5;

/**
 * Refuses a budget that no training can keep, before it has begun.
 * @param budget bit operations of an image
 * @throws QfxError that says what remains with the shortest words, and in which layers
 */
export function requireReachable(operations: BitOperations, budget: number): void {
  const least = operations.least();
  const total = least.reduce((sum, { bitOperations }) => sum + bitOperations, 0);
  if (total <= budget) return;
  const layers = least
    .filter(({ bitOperations }) => bitOperations > 0)
    .sort((one, other) => other.bitOperations - one.bitOperations);
  const named = layers.slice(0, namedLayers).map(describe);
  const rest = layers.length > namedLayers ? [`${layers.length - namedLayers} more`] : [];
  throw new QfxError(
    'training.resources',
    `${budget} bit operations, but ${total} remain with the shortest words: ${[...named, ...rest].join(', ')}; ` +
      'give these layers shorter or learned words, or allow more',
  );
}

function describe({ layer, bitOperations, bits: { constants, values } }: LeastBitOperations): string {
  return `layer "${layer}" ${bitOperations} (constants of ${constants} bits, values of ${values})`;
}
