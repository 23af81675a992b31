import type { Quantizer } from '../quantizer.js';
import type { tf } from '../tensorflow.js';

/** Decides where a quantizer's binary points stand from now on, by the values that it casts. */
export type Decision = (quantizer: Quantizer, values: tf.Tensor) => void;

let decision: Decision | undefined;

/** Runs `body`, an inference over a model; `decide` is asked about every quantizer before it casts the values that come by. */
export function whileDeciding(decide: Decision, body: () => void): void {
  decision = decide;
  try {
    body();
  } finally {
    decision = undefined;
  }
}

/** What decides inside of `whileDeciding`. */
export function currentDecision(): Decision | undefined {
  return decision;
}
