/** What a network costs, and how good it is. */
export interface Valued {
  /** Of an image. */
  readonly bitOperations: number;
  /** A fraction 0..1. */
  readonly accuracy: number;
}

/** Whether one is nowhere worse than the other, and somewhere better. */
export function dominates(one: Valued, other: Valued): boolean {
  return (
    one.bitOperations <= other.bitOperations &&
    one.accuracy >= other.accuracy &&
    (one.bitOperations < other.bitOperations || one.accuracy > other.accuracy)
  );
}

/**
 * A front with one more network, if it belongs there: those that it dominates leave. Of networks that are alike the first stays.
 * @param front networks of which none dominates another one, the cheapest first
 * @param limit at least 2: beyond it that one leaves which adds least to the area below the front, over the logarithm of costs; the cheapest
 * and the most accurate one stay
 * @returns the front, the cheapest first; the same array where nothing changed
 */
export function joinFront<Network extends Valued>(
  front: readonly Network[],
  network: Network,
  limit: number,
): readonly Network[] {
  const isAlike = (other: Network) =>
    other.bitOperations === network.bitOperations && other.accuracy === network.accuracy;
  if (front.some((other) => dominates(other, network) || isAlike(other))) return front;
  const joined = [...front.filter((other) => !dominates(network, other)), network].sort(
    (one, other) => one.bitOperations - other.bitOperations,
  );
  if (joined.length <= limit) return joined;
  const areas = joined.map((_, index) => ownArea(joined, index));
  const least = areas.indexOf(Math.min(...areas));
  return joined[least] === network ? front : joined.filter((_, index) => index !== least);
}

/** What only this network adds to the area below a front; no limit for its ends. */
function ownArea(front: readonly Valued[], index: number): number {
  if (index === 0 || index === front.length - 1) return Infinity;
  const [before, own, after] = front.slice(index - 1, index + 2);
  return (own.accuracy - before.accuracy) * Math.log(after.bitOperations / own.bitOperations);
}
