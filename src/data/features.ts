import { z } from 'zod';
import { QfxError } from '../qfx/errors.js';
import type { InputFormat, RawIntegers } from './data-set.js';

const rangeSchema = z.tuple([z.number(), z.number()]).refine(([lowest, highest]) => lowest <= highest, {
  message: 'the lowest value comes first',
});

/** How numbers become the raw integers that enter a network. */
export const featureOptions = {
  /** Bits of a raw integer. */
  wordLength: z.int().min(1).max(16).default(8),
  /** Unsigned: the range becomes 0 to 2^W - 1. Signed: 0 stays 0, and the range's larger end becomes 2^(W-1). */
  signed: z.boolean().default(false),
  /**
   * Values outside become its ends. `each`: those that each feature has in the training part; `all`: those that all of them have;
   * or ranges: one for all features, or one a feature.
   */
  range: z
    .union([z.enum(['each', 'all']), rangeSchema, z.array(rangeSchema).min(1)], {
      message: "'each', 'all', [lowest, highest] or an array of those, one a feature, is allowed",
    })
    .default('each'),
};

export type FeatureOptions = { readonly [Key in keyof typeof featureOptions]: z.output<(typeof featureOptions)[Key]> };
type Range = [lowest: number, highest: number];

/** Numbers of samples, row-major: each has so many features. */
export interface Features {
  readonly values: ArrayLike<number>;
  readonly count: number;
}

/** The ranges of features: one for all, or one a feature, measured on training values where the option says so. */
function findRanges({ values, count }: Features, range: FeatureOptions['range']): [number, number][] {
  if (typeof range !== 'string') return isOne(range) ? [range] : range;
  const ranges = Array.from({ length: range === 'each' ? count : 1 }, (): [number, number] => [Infinity, -Infinity]);
  for (let index = 0; index < values.length; index++) {
    const own = ranges[index % ranges.length];
    own[0] = Math.min(own[0], values[index]);
    own[1] = Math.max(own[1], values[index]);
  }
  return ranges;
}

function isOne(range: Range | Range[]): range is Range {
  return typeof range[0] === 'number';
}

/** The type of quantized features: what unsigned ones mean is from 0 to below 1, signed ones from -1 to below 1. */
function featureFormat({ wordLength, signed }: Pick<FeatureOptions, 'wordLength' | 'signed'>): InputFormat {
  return { wordLength, binaryPoint: signed ? wordLength - 1 : wordLength, signed };
}

/**
 * The raw integers of features, rounded to the nearest, ties up.
 * Unsigned: (value - lowest) / (highest - lowest) * (2^W - 1); a range of one value gives 0.
 * Signed: value / max(|lowest|, |highest|) * 2^(W-1), at most 2^(W-1) - 1.
 */
function quantizeFeatures(
  { values }: Features,
  ranges: readonly Range[],
  { wordLength, signed }: Pick<FeatureOptions, 'wordLength' | 'signed'>,
): RawIntegers {
  const smallest = signed ? -(2 ** (wordLength - 1)) : 0;
  const largest = signed ? 2 ** (wordLength - 1) - 1 : 2 ** wordLength - 1;
  const raw = arrayFor(wordLength, signed, values.length);
  for (let index = 0; index < values.length; index++) {
    const [lowest, highest] = ranges[index % ranges.length];
    const [zero, one] = signed ? [0, Math.max(-lowest, highest)] : [lowest, highest - lowest];
    const steps = signed ? 2 ** (wordLength - 1) : largest;
    const scaled = one === 0 ? 0 : Math.floor(((values[index] - zero) / one) * steps + 0.5);
    raw[index] = Math.min(largest, Math.max(smallest, scaled));
  }
  return raw;
}

/**
 * The parts of a data set whose features are numbers; ranges that must be measured are those of the training part.
 * @throws QfxError for another number of ranges than of features
 */
export function quantizeParts(
  where: string,
  parts: { readonly train: Features; readonly test: Features },
  options: FeatureOptions,
) {
  const range = findRanges(parts.train, options.range);
  const { count } = parts.train;
  if (range.length !== 1 && range.length !== count)
    throw new QfxError(
      `${where}: range`,
      `has ${range.length} ranges for ${count} features; one for all or one each is needed`,
    );
  const quantize = (part: Features) => quantizeFeatures(part, range, options);
  const found = { ...options, range };
  return { train: quantize(parts.train), test: quantize(parts.test), input: featureFormat(options), found };
}

/** Zeros, in memory that threads can share. */
function arrayFor(wordLength: number, signed: boolean, length: number): RawIntegers {
  const buffer = new SharedArrayBuffer(wordLength <= 8 ? length : 2 * length);
  if (wordLength <= 8) return signed ? new Int8Array(buffer) : new Uint8Array(buffer);
  return signed ? new Int16Array(buffer) : new Uint16Array(buffer);
}
