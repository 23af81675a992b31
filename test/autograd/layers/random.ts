import type { LayerDefaults, QuantizerOptions } from '../../../src/autograd/layers/index.js';
import { tf } from '../../../src/autograd/tensorflow.js';
import { projections } from '../../../src/qfx/number/k-hot.js';
import { digitKinds, roundings } from '../../../src/qfx/number/type.js';

/** A seeded source of choices, so that a failing case can be run again. */
export class Random {
  constructor(private state: number) {}

  /** Uniform in [0, 1): a linear congruential generator with mixed output. */
  next(): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    let mixed = this.state ^ (this.state >>> 15);
    mixed = Math.imul(mixed, 0x2c1b3c6d);
    mixed ^= mixed >>> 12;
    return (mixed >>> 0) / 2 ** 32;
  }

  /** A whole number from `first` to `last`. */
  integer(first: number, last: number): number {
    return first + Math.floor(this.next() * (last - first + 1));
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.integer(0, choices.length - 1)];
  }

  /** A real number whose magnitude spans many powers of two. */
  wide(): number {
    const sign = this.next() < 0.5 ? -1 : 1;
    return sign * this.next() * 2 ** this.integer(-4, 1);
  }
}

/**
 * A quantizer with everything random; it wraps only where it is so wide that nothing overflows.
 * @param isParameter may have binary points per channel, or with a learned word length per element, and be K-hot
 * @param mayLearnWord may have a learned word length
 */
export function randomQuantizer(random: Random, { isParameter = false, mayLearnWord = false } = {}): QuantizerOptions {
  const granularity = isParameter ? { granularity: random.pick(['tensor', 'channel'] as const) } : {};
  if (isParameter && random.next() < 0.3) {
    const digits = random.pick(digitKinds);
    const projection = digits === 'plain' ? random.pick(projections) : 'nearest';
    if (projection === 'sign') return { ...granularity, wordLength: 2, kHot: { terms: 1, digits, projection } };
    return {
      ...granularity,
      wordLength: random.integer(2, 12),
      kHot: { terms: random.integer(1, 4), digits, projection },
    };
  }
  if (mayLearnWord && random.next() < 0.2) {
    const initial = random.integer(2, 8);
    return {
      ...(isParameter ? { granularity: random.pick(['tensor', 'channel', 'element'] as const) } : {}),
      rounding: random.pick(roundings),
      wordLength: { initial, maximum: initial + 2 },
    };
  }
  const common = { rounding: random.pick(roundings), ...granularity };
  if (random.next() < 0.1) return { ...common, wordLength: 24, overflow: 'AP_WRAP', binaryPoint: 4, signed: true };
  return {
    ...common,
    wordLength: random.integer(2, 9),
    overflow: random.pick(['AP_SAT', 'AP_SAT', 'AP_SAT_ZERO', 'AP_SAT_SYM'] as const),
    ...(random.next() < 0.5 ? { binaryPoint: random.integer(-1, 6) } : {}),
  };
}

/** Model-wide defaults with everything random. */
export function randomDefaults(random: Random): LayerDefaults {
  return {
    weights: randomQuantizer(random, { isParameter: true, mayLearnWord: true }),
    bias: randomQuantizer(random, { isParameter: true, mayLearnWord: true }),
    scale: randomQuantizer(random, { isParameter: true, mayLearnWord: true }),
    offset: randomQuantizer(random, { isParameter: true, mayLearnWord: true }),
    alpha: randomQuantizer(random, { isParameter: true, mayLearnWord: true }),
    activations: randomQuantizer(random, { mayLearnWord: true }),
    accumulators: random.next() < 0.25 ? 'exact' : randomQuantizer(random, { mayLearnWord: true }),
    seed: random.integer(0, 1000),
  };
}

/** Replaces the trainable weights of a layer, but not its binary points, by numbers of widely different magnitudes. */
export function scatterWeights(layer: tf.layers.Layer, random: Random): void {
  tf.tidy(() => {
    const weights = layer.getWeights();
    const names = layer.weights.map(({ originalName }) => originalName);
    layer.setWeights(
      weights.map((weight, index) => {
        if (!/(kernel|bias|gamma|beta|alpha|moving_mean|moving_variance)$/.test(names[index])) return weight;
        const values = Array.from({ length: weight.size }, () => random.wide());
        const isVariance = names[index].endsWith('moving_variance');
        return tf.tensor(isVariance ? values.map(Math.abs) : values, weight.shape);
      }),
    );
  });
}
