import type { Quantizer } from '../quantizer.js';
import type { tf } from '../tensorflow.js';

/** What is done with a quantizer and the values that it is about to cast. */
export type QuantizerVisit = (quantizer: Quantizer, values: tf.Tensor) => void;

let current: QuantizerVisit | undefined;

/**
 * Runs `body`, an inference over a model; every quantizer that it meets is shown with the exact values that come by, before
 * they are cast: parameters first, then the output, layer by layer behind predecessors that were visited already.
 */
export function whileVisiting(visit: QuantizerVisit, body: () => void): void {
  const outer = current;
  current = visit;
  try {
    body();
  } finally {
    current = outer;
  }
}

/** The visit of `whileVisiting`; undefined outside of it. */
export function currentVisit(): QuantizerVisit | undefined {
  return current;
}
