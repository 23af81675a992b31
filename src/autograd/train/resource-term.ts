import type { Quantizer } from '../quantizer.js';
import type { tf } from '../tensorflow.js';
import type { BitOperations } from './bit-operations.js';
import type { ModelWeight } from './model-weights.js';
import type { RunState } from './run-state.js';

/** The state of a budget between two steps. */
export type ResourceState = NonNullable<RunState['resources']>;

/** How the weight of the term follows the budget: so much up or down in a step, within these bounds. */
const strengthStep = 1.1;
const firstStrength = 1e-2;
const strengthBounds = { lowest: 1e-5, highest: 1e3 };
/** Steps between two looks at which channels freezing would keep, which takes a whole graph. */
const stepsBetweenLooks = 50;
/** The fraction of the steps up to the freeze after which the whole budget holds. */
const descentPart = 0.5;

/** Where the learned numbers of a quantizer are among the model's weights: F and I, or F alone where its word length is given. */
interface Place {
  readonly quantizer: Quantizer;
  readonly positions: readonly number[];
}

/**
 * A term in the loss that steers learned word lengths, and binary points of K-hot numbers, to a budget of bit operations:
 * strength * ln(bit operations) while there are too many, straight through the rounding of word lengths. Its strength rises while the
 * network takes more than it may at that step, without the channels that freezing leaves out, and falls while it takes less. The
 * allowance goes down geometrically from what the network starts with.
 */
export class ResourceTerm {
  private readonly places: readonly Place[];

  /**
   * @param operations of the model, with all channels
   * @param weights of the model, in the order of the gradients' positions
   * @param budget bit operations of an image
   * @param remaining counts what the channels take that freezing would keep; asked for only now and then
   */
  constructor(
    private readonly operations: BitOperations,
    weights: readonly ModelWeight[],
    private readonly budget: number,
    private readonly remaining: () => number,
  ) {
    const positions = new Map(weights.map(({ variable }, position) => [variable as tf.Tensor, position]));
    this.places = [...this.operations.slopes().keys()].map((quantizer) => ({
      quantizer,
      positions: learnedWeights(quantizer).map((weight) => positions.get(weight) as number),
    }));
  }

  start(): ResourceState {
    return { start: this.remaining(), strength: firstStrength, kept: 1 };
  }

  /**
   * Adds the slopes of the term to the gradients.
   * @param gradientOf of the weight at a position; undefined where it is not trained
   * @param until the step at which binary points and word lengths are frozen
   */
  apply(
    { start, strength, kept: lastKept }: ResourceState,
    step: number,
    until: number,
    gradientOf: (position: number) => Float32Array | undefined,
  ): ResourceState {
    const ofAllChannels = this.operations.total();
    const isLookedAt = step % stepsBetweenLooks === 0 && ofAllChannels > 0;
    const kept = isLookedAt ? this.remaining() / ofAllChannels : lastKept;
    const total = kept * ofAllChannels;
    const rest = Math.max(0, 1 - step / Math.max(1, descentPart * until));
    const allowed = this.budget * Math.max(1, start / this.budget) ** rest;
    const slopes = this.operations.slopes();
    for (const { quantizer, positions } of this.places) {
      // A word that has lost its last bit never gets one back: a network that takes no more than it may is left alone.
      if (quantizer.isFrozen || total <= allowed) continue;
      const { learningRateScale } = quantizer.config;
      const bits = slopes.get(quantizer) as Float64Array;
      for (const position of positions) {
        const gradient = gradientOf(position);
        gradient?.forEach((_, channel) => {
          gradient[channel] += (strength * learningRateScale * bits[channel]) / ofAllChannels;
        });
      }
    }
    const moved = total > allowed ? strength * strengthStep : strength / strengthStep;
    const { lowest, highest } = strengthBounds;
    return { start, strength: Math.max(lowest, Math.min(highest, moved)), kept };
  }
}

function learnedWeights(quantizer: Quantizer): readonly tf.Tensor[] {
  if (quantizer.learnsWordLength) return quantizer.wordLengthWeights;
  const theta = quantizer.castPart({ training: true })?.theta;
  return theta === undefined ? [] : [theta];
}
