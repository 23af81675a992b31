import { z } from 'zod';
import { QfxError } from '../qfx/errors.js';
import { magnitudeBits, maximumKHotWordLength, maximumTerms, projections } from '../qfx/number/k-hot.js';
import type { KHotProjection } from '../qfx/number/k-hot.js';
import { digitKinds, overflows, roundings } from '../qfx/number/type.js';
import { validateType } from '../qfx/number/validate-type.js';
import { parseConfiguration } from './configuration.js';

/** Largest word length that float32 tensors carry exactly. */
export const maximumTrainedWordLength = 24;
/** Longest word length that can be learned, in bits. */
export const maximumLearnedWordLength = 16;
/** Binary points reach from minus this to this while training, so that values and their products stay normal float32 numbers. */
export const maximumTrainedBinaryPoint = 60;

const binaryPoint = z.int().min(-maximumTrainedBinaryPoint).max(maximumTrainedBinaryPoint);

const kHot = z.strictObject({
  /** K: how many powers of two a magnitude may have. */
  terms: z.int().min(1).max(maximumTerms),
  /** Added only, or added and subtracted. */
  digits: z.enum(digitKinds).default('signed'),
  /** To the nearest member of the set; for comparison, to the leading ones of the nearest integer; or, binary, to 1 and -1. */
  projection: z.enum(projections).default('nearest'),
});

const learnedWordLength = z.strictObject({
  /** The shortest word, bits; with 0 training may prune a channel or a whole tensor. */
  minimum: z.int().min(0).max(maximumLearnedWordLength).default(0),
  /** W at the first batch, bits. */
  initial: z.int().min(1).max(maximumLearnedWordLength).default(8),
  /** The longest word that training may reach, bits. */
  maximum: z.int().min(1).max(maximumLearnedWordLength).default(12),
});

/** A word length that training changes within bounds. */
export type LearnedWordLength = z.output<typeof learnedWordLength>;

/** How a tensor is quantized while training. */
export const quantizerSchema = z.strictObject({
  /** W, bits: given, or learned together with the binary point; 0 then prunes. */
  wordLength: z.union([z.int().min(1).max(maximumTrainedWordLength), learnedWordLength]),
  signed: z.boolean().default(true),
  /** One format for the tensor, or one for each index of its last axis, or, where word lengths are learned, one for each element. */
  granularity: z.enum(['tensor', 'channel', 'element']).default('tensor'),
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
  const { wordLength } = resolved;
  if (typeof wordLength === 'object') checkLearnedWordLength(resolved, wordLength, where);
  else if (resolved.granularity === 'element') {
    throw new QfxError(
      where,
      `granularity "element" with a word length of ${wordLength}, allowed with: a learned word length`,
    );
  }
  validateType({ ...resolved, wordLength: longestWord(resolved), binaryPoint: 0 }, where);
  if (resolved.kHot !== undefined) checkKHot(resolved, resolved.kHot, where);
  return resolved;
}

/** The longest word that a quantizer may have, in bits. */
export function longestWord({ wordLength }: Pick<ResolvedQuantizerConfig, 'wordLength'>): number {
  return typeof wordLength === 'number' ? wordLength : wordLength.maximum;
}

function checkLearnedWordLength(
  { binaryPoint, kHot, overflow }: ResolvedQuantizerConfig,
  { minimum, initial, maximum }: LearnedWordLength,
  where: string,
): void {
  if (minimum > initial || initial > maximum) {
    const found = `minimum ${minimum}, initial ${initial}, maximum ${maximum}`;
    throw new QfxError(`${where}: wordLength`, `${found}, needed: in ascending order`);
  }
  const [key, found, allowed] =
    binaryPoint !== 'learned'
      ? ['binaryPoint', binaryPoint, '"learned"']
      : kHot !== undefined
        ? ['kHot', 'given', 'a given word length']
        : overflow !== 'AP_SAT'
          ? ['overflow', overflow, 'AP_SAT']
          : [];
  if (key !== undefined)
    throw new QfxError(where, `a learned word length with ${key} ${found}, allowed with: ${allowed}`);
}

function checkKHot(
  config: ResolvedQuantizerConfig,
  { terms, digits, projection }: KHotProjection,
  where: string,
): void {
  const { rounding, overflow } = config;
  const wordLength = longestWord(config);
  if (rounding !== 'AP_RND' || overflow !== 'AP_SAT') {
    throw new QfxError(where, `kHot with ${rounding}, ${overflow}; it rounds and saturates by itself, leave them out`);
  }
  if (magnitudeBits({ ...config, wordLength }) < 1 || wordLength > maximumKHotWordLength) {
    throw new QfxError(
      where,
      `kHot with ${config.signed ? 'signed' : 'unsigned'} words of ${wordLength} bits, ` +
        `allowed: ${config.signed ? 2 : 1} to ${maximumKHotWordLength}`,
    );
  }
  if (projection === 'sign' && (wordLength !== 2 || !config.signed || terms !== 1)) {
    throw new QfxError(where, 'kHot projection "sign", allowed with: signed words of 2 bits, terms 1');
  }
  if (projection === 'leading-ones' && digits !== 'plain') {
    throw new QfxError(where, 'kHot projection "leading-ones" with signed digits, allowed with: digits "plain"');
  }
}
