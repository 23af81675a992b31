import { z } from 'zod';
import { QfxError } from '../qfx/errors.js';
import { magnitudeBits, maximumKHotWordLength, maximumTerms, projections } from '../qfx/number/k-hot.js';
import type { KHotProjection } from '../qfx/number/k-hot.js';
import { digitKinds, overflows, roundings } from '../qfx/number/type.js';
import { validateType } from '../qfx/number/validate-type.js';
import { parseConfiguration } from './configuration.js';

/** Largest word length that float32 tensors carry exactly. */
export const maximumTrainedWordLength = 24;
/** Binary points reach from minus this to this while training, so that values and their products stay normal float32 numbers. */
export const maximumTrainedBinaryPoint = 60;

const binaryPoint = z.int().min(-maximumTrainedBinaryPoint).max(maximumTrainedBinaryPoint);

const kHot = z.strictObject({
  /** K: how many powers of two a magnitude may have. */
  terms: z.int().min(1).max(maximumTerms),
  /** Added only, or added and subtracted. */
  digits: z.enum(digitKinds).default('signed'),
  /** To the nearest member of the set, or, for comparison, the leading ones of the nearest integer. */
  projection: z.enum(projections).default('nearest'),
});

/** How a tensor is quantized while training. */
export const quantizerSchema = z.strictObject({
  /** W, bits. */
  wordLength: z.int().min(1).max(maximumTrainedWordLength),
  signed: z.boolean().default(true),
  /** One binary point for the tensor, or one for each index of its last axis. */
  granularity: z.enum(['tensor', 'channel']).default('tensor'),
  rounding: z.enum(roundings).default('AP_RND'),
  overflow: z.enum(overflows).default('AP_SAT'),
  /** Multiplier-free parameters: products with them become shifts and additions. Replaces rounding and overflow. */
  kHot: kHot.optional(),
  /** Found on the first batch and trained from there, or given. */
  binaryPoint: z
    .union([z.literal('learned'), binaryPoint], {
      error: `allowed: "learned" or a whole number within +-${maximumTrainedBinaryPoint}`,
    })
    .default('learned'),
  /** How many times faster than the weights the binary point moves under the same optimiser. */
  learningRateScale: z.number().positive().default(10),
});

/** What a user writes. */
export type QuantizerConfig = z.input<typeof quantizerSchema>;
/** The same with all defaults filled in. */
export type ResolvedQuantizerConfig = z.output<typeof quantizerSchema>;

/**
 * Checks a quantizer's configuration and fills in its defaults.
 * @throws QfxError naming the key, what was found and what is allowed
 */
export function resolveQuantizerConfig(config: unknown, where: string): ResolvedQuantizerConfig {
  const resolved = parseConfiguration(quantizerSchema, config, where);
  validateType({ ...resolved, binaryPoint: 0 }, where);
  if (resolved.kHot !== undefined) checkKHot(resolved, resolved.kHot, where);
  return resolved;
}

function checkKHot(config: ResolvedQuantizerConfig, { digits, projection }: KHotProjection, where: string): void {
  const { rounding, overflow, wordLength } = config;
  if (rounding !== 'AP_RND' || overflow !== 'AP_SAT') {
    throw new QfxError(where, `kHot with ${rounding}, ${overflow}; it rounds and saturates by itself, leave them out`);
  }
  if (magnitudeBits(config) < 1 || wordLength > maximumKHotWordLength) {
    throw new QfxError(
      where,
      `kHot with ${config.signed ? 'signed' : 'unsigned'} words of ${wordLength} bits, ` +
        `allowed: ${config.signed ? 2 : 1} to ${maximumKHotWordLength}`,
    );
  }
  if (projection === 'leading-ones' && digits !== 'plain') {
    throw new QfxError(where, 'kHot projection "leading-ones" with signed digits, allowed with: digits "plain"');
  }
}
