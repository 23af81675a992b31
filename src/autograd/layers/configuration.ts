import { z } from 'zod';
import { QfxError } from '../../qfx/errors.js';
import { overflows, roundings } from '../../qfx/number/type.js';
import { parseConfiguration } from '../configuration.js';
import { maximumTrainedWordLength, quantizerSchema, resolveQuantizerConfig } from '../quantizer-config.js';
import type { QuantizerConfig, ResolvedQuantizerConfig } from '../quantizer-config.js';

/** What a quantized tensor of a layer is for; each role has a model-wide default. */
export const roles = ['weights', 'bias', 'scale', 'offset', 'alpha', 'activations', 'accumulators'] as const;
export type Role = (typeof roles)[number];

/** A partial quantizer configuration: what it leaves out comes from the model-wide default of its role. */
export type QuantizerOptions = Partial<QuantizerConfig>;
/** The same for an output; `'exact'` passes the exact result on, without a cast. */
export type OutputOptions = QuantizerOptions | 'exact';

/** What `createLayers` fills into the quantizers of its layers, by what they are for. */
export interface RoleDefaults {
  /** Kernels of dense and convolution layers. */
  readonly weights?: QuantizerOptions;
  /** Biases of dense and convolution layers. */
  readonly bias?: QuantizerOptions;
  /** BatchNorm's multiplier a. */
  readonly scale?: QuantizerOptions;
  /** BatchNorm's summand b. */
  readonly offset?: QuantizerOptions;
  /** PReLU's slopes. */
  readonly alpha?: QuantizerOptions;
  /** Outputs of ReLU and its kin, average pooling, concatenate, maximum, minimum and requantize. */
  readonly activations?: OutputOptions;
  /** Outputs of dense, convolution, BatchNorm, add, subtract and multiply; 4 bits wider than activations unless said otherwise. */
  readonly accumulators?: OutputOptions;
}

/** Model-wide defaults of `createLayers`. Word lengths are 8 bits where nobody says another. */
export interface LayerDefaults extends RoleDefaults {
  /**
   * Defaults of the layers whose names match a pattern, over those of the model; `*` is any text: `{ 'block1_*': ... }`. Of
   * several patterns that match, later ones win. A layer's own options win over all of them.
   */
  readonly named?: Readonly<Record<string, RoleDefaults>>;
  /** Makes initial weights repeatable: layers get consecutive seeds in the order of their creation. */
  readonly seed?: number;
}

export type ResolvedDefaults = Readonly<Record<Role, OutputOptions>>;

const roleSchema = z.strictObject({
  weights: z.unknown().optional(),
  bias: z.unknown().optional(),
  scale: z.unknown().optional(),
  offset: z.unknown().optional(),
  alpha: z.unknown().optional(),
  activations: z.unknown().optional(),
  accumulators: z.unknown().optional(),
});
const defaultsSchema = z.strictObject({
  ...roleSchema.shape,
  named: z.record(z.string().min(1), z.looseObject({})).optional(),
  seed: z.int().nonnegative().optional(),
});

/** What messages about defaults say first. */
const where = 'createLayers';
/** Word length where neither the layer nor the defaults give one, in bits. */
const fallbackWordLength = 8;
/** How many bits an accumulator has more than an activation. */
const accumulatorExtraBits = 4;

/**
 * Completes the model-wide defaults.
 * @throws QfxError naming an unknown key or a wrong value
 */
export function resolveDefaults(defaults: LayerDefaults): ResolvedDefaults {
  parseConfiguration(defaultsSchema, defaults, where);
  checkRoles(defaults, where);
  const { activations = {} } = defaults;
  const activationBits = longestOf(activations === 'exact' ? undefined : activations.wordLength);
  const wordLength = Math.min(maximumTrainedWordLength, activationBits + accumulatorExtraBits);
  return {
    weights: mergeOptions(defaults.weights, {}),
    bias: mergeOptions(defaults.bias, {}),
    scale: mergeOptions(defaults.scale, {}),
    offset: mergeOptions(defaults.offset, {}),
    alpha: mergeOptions(defaults.alpha, {}),
    activations: mergeOptions(activations, {}),
    accumulators: mergeOptions(defaults.accumulators, { wordLength }),
  };
}

/** Roles of the layers of one name: those of the model with what the patterns say over them. */
export class NamedDefaults {
  private readonly patterns: { readonly pattern: string; readonly expression: RegExp; readonly roles: RoleDefaults }[];
  private readonly matched = new Set<string>();

  /** @throws QfxError naming an unknown key or a wrong value */
  constructor(
    private readonly model: ResolvedDefaults,
    named: Readonly<Record<string, RoleDefaults>> = {},
  ) {
    this.patterns = Object.entries(named).map(([pattern, roles]) => {
      const at = `${where}: named: ${JSON.stringify(pattern)}`;
      parseConfiguration(roleSchema, roles, at);
      checkRoles(roles, at);
      return { pattern, expression: expressionOf(pattern), roles };
    });
  }

  rolesOf(layer: string): ResolvedDefaults {
    let resolved = this.model;
    for (const { pattern, expression, roles: over } of this.patterns) {
      if (!expression.test(layer)) continue;
      this.matched.add(pattern);
      const merged = roles.map((role) => [role, mergeOptions(over[role], resolved[role])]);
      resolved = Object.fromEntries(merged) as ResolvedDefaults;
    }
    return resolved;
  }

  /** Patterns that no layer had a name for so far. */
  get unmatched(): string[] {
    return this.patterns.map(({ pattern }) => pattern).filter((pattern) => !this.matched.has(pattern));
  }
}

function expressionOf(pattern: string): RegExp {
  const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${pattern.split('*').map(literal).join('.*')}$`, 's');
}

function checkRoles(defaults: RoleDefaults, at: string): void {
  for (const role of roles) {
    const options = defaults[role];
    const mayBeExact = role === 'activations' || role === 'accumulators';
    if (options === undefined || (options === 'exact' && mayBeExact)) continue;
    parseConfiguration(quantizerSchema.partial(), options, `${at}: ${role}`);
  }
}

function longestOf(wordLength: QuantizerOptions['wordLength']): number {
  return typeof wordLength === 'object'
    ? (wordLength.maximum ?? fallbackWordLength)
    : (wordLength ?? fallbackWordLength);
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
  if (typeof config.wordLength === 'object' && config.wordLength.minimum === 0) {
    // A layer without any values has no place in a stream; a channel without any is the weights' business.
    return resolveOutput({ ...config, wordLength: { ...config.wordLength, minimum: 1 } }, where, signed);
  }
  if (config.kHot !== undefined) {
    throw new QfxError(at, 'kHot, allowed for parameters: weights, bias, scale, offset, alpha');
  }
  if (config.granularity !== 'tensor') {
    throw new QfxError(at, `granularity "${config.granularity}", allowed for values between layers: "tensor"`);
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
