import { z } from 'zod';
import { QfxError } from '../../qfx/errors.js';
import { overflows, roundings } from '../../qfx/number/type.js';
import { parseConfiguration } from '../configuration.js';
import { maximumTrainedWordLength, quantizerSchema, resolveQuantizerConfig } from '../quantizer-config.js';
import type { QuantizerConfig, ResolvedQuantizerConfig } from '../quantizer-config.js';

/** What a quantized tensor of a layer is for; each role has a model-wide default. */
export const roles = ['weights', 'bias', 'scale', 'offset', 'activations', 'accumulators'] as const;
export type Role = (typeof roles)[number];

/** A partial quantizer configuration: what it leaves out comes from the model-wide default of its role. */
export type QuantizerOptions = Partial<QuantizerConfig>;
/** The same for an output; `'exact'` passes the exact result on, without a cast. */
export type OutputOptions = QuantizerOptions | 'exact';

/** Model-wide defaults of `createLayers`. Word lengths are 8 bits where nobody says another. */
export interface LayerDefaults {
  /** Kernels of dense and convolution layers. */
  readonly weights?: QuantizerOptions;
  /** Biases of dense and convolution layers. */
  readonly bias?: QuantizerOptions;
  /** BatchNorm's multiplier a. */
  readonly scale?: QuantizerOptions;
  /** BatchNorm's summand b. */
  readonly offset?: QuantizerOptions;
  /** Outputs of ReLU, average pooling, concatenate and requantize. */
  readonly activations?: OutputOptions;
  /** Outputs of dense, convolution, BatchNorm and add; 4 bits wider than activations unless said otherwise. */
  readonly accumulators?: OutputOptions;
  /** Makes initial weights repeatable: layers get consecutive seeds in the order of their creation. */
  readonly seed?: number;
}

export type ResolvedDefaults = Readonly<Record<Role, OutputOptions>>;

const defaultsSchema = z.strictObject({
  weights: z.unknown().optional(),
  bias: z.unknown().optional(),
  scale: z.unknown().optional(),
  offset: z.unknown().optional(),
  activations: z.unknown().optional(),
  accumulators: z.unknown().optional(),
  seed: z.int().nonnegative().optional(),
});

/** Word length where neither the layer nor the defaults give one, in bits. */
const fallbackWordLength = 8;
/** How many bits an accumulator has more than an activation. */
const accumulatorExtraBits = 4;

/**
 * Completes the model-wide defaults.
 * @throws QfxError naming an unknown key or a wrong value
 */
export function resolveDefaults(defaults: LayerDefaults): ResolvedDefaults {
  const where = 'createLayers';
  parseConfiguration(defaultsSchema, defaults, where);
  for (const role of roles) {
    const options = defaults[role];
    const mayBeExact = role === 'activations' || role === 'accumulators';
    if (options === undefined || (options === 'exact' && mayBeExact)) continue;
    parseConfiguration(quantizerSchema.partial(), options, `${where}: ${role}`);
  }
  const { activations = {} } = defaults;
  const activationBits = (activations === 'exact' ? undefined : activations.wordLength) ?? fallbackWordLength;
  const wordLength = Math.min(maximumTrainedWordLength, activationBits + accumulatorExtraBits);
  return {
    weights: mergeOptions(defaults.weights, {}),
    bias: mergeOptions(defaults.bias, {}),
    scale: mergeOptions(defaults.scale, {}),
    offset: mergeOptions(defaults.offset, {}),
    activations: mergeOptions(activations, {}),
    accumulators: mergeOptions(defaults.accumulators, { wordLength }),
  };
}

/** Options over what they leave out. */
export function mergeOptions(options: OutputOptions | undefined, fallback: OutputOptions): OutputOptions {
  if (options === undefined) return fallback === 'exact' ? fallback : { wordLength: fallbackWordLength, ...fallback };
  if (options === 'exact') return 'exact';
  return { wordLength: fallbackWordLength, ...(fallback === 'exact' ? {} : fallback), ...options };
}

/** How messages name a layer. */
export function layerName(name: string | undefined, operation: string): string {
  return name === undefined ? `layer (${operation})` : `layer "${name}"`;
}

/** An output's configuration with nothing left out. */
export type ResolvedOutput = ResolvedQuantizerConfig | 'exact';

/**
 * Checks a layer's quantizers and fills in their defaults.
 * @param values per role of the layer what the user wrote over the model's defaults
 * @throws QfxError naming layer, role and key
 */
export function resolveQuantizers<Key extends string>(
  values: Readonly<Record<Key, unknown>>,
  where: string,
): Record<Key, ResolvedQuantizerConfig> {
  const entries = Object.entries(values).map(([role, value]) => [
    role,
    resolveQuantizerConfig(value, `${where}: ${role}`),
  ]);
  return Object.fromEntries(entries) as Record<Key, ResolvedQuantizerConfig>;
}

/**
 * The same for an output, whose values share one type: a stream has no type per channel.
 * @param signed what holds where nobody says it
 */
export function resolveOutput(value: unknown, where: string, signed = true): ResolvedOutput {
  if (value === 'exact') return 'exact';
  const at = `${where}: output`;
  const options: unknown = typeof value === 'object' && value !== null ? { signed, ...value } : value;
  const config = resolveQuantizerConfig(options, at);
  if (config.granularity === 'channel') {
    throw new QfxError(at, 'granularity "channel", allowed for values between layers: "tensor"');
  }
  return config;
}

const lettersOf = (text: string) => text.replaceAll('_', '').toLowerCase();

/**
 * Undoes what the tensor library does to a configuration on its way through a model's JSON: strings come back in
 * camel case ("AP_RND" as "apRnd"), absent values as null, and `customObjects` is added.
 */
export function restoreConfig(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const restored: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(config)) {
    if (key !== 'customObjects' && value !== null && value !== undefined) restored[key] = restoreValue(key, value);
  }
  return restored;
}

function restoreValue(key: string, value: unknown): unknown {
  if (typeof value === 'string' && (key === 'rounding' || key === 'overflow')) {
    const modes: readonly string[] = key === 'rounding' ? roundings : overflows;
    return modes.find((mode) => lettersOf(mode) === lettersOf(value)) ?? value;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return restoreConfig(value as Record<string, unknown>);
  }
  return value;
}
