import { z } from 'zod';
import type { DataSet } from '../../data/data-set.js';
import { parseConfiguration } from '../configuration.js';
import { roles } from '../layers/configuration.js';
import type { Role, RoleDefaults } from '../layers/configuration.js';

/** Checked where layers are made. */
const quantizers = Object.fromEntries(roles.map((role) => [role, z.unknown().optional()])) as Record<
  Role,
  z.ZodOptional<z.ZodUnknown>
>;

const inputSchema = z.strictObject({
  wordLength: z.int().min(1).default(8),
  binaryPoint: z.int().default(8),
  signed: z.boolean().default(false),
});

const calibrationSchema = z.strictObject({
  /** Training images that place the binary points of activations, and that outputs are compared on. */
  images: z.int().min(1).default(256),
  /** Training images that BatchNorm's statistics are measured again on. */
  statisticsImages: z.int().min(1).default(2048),
  /** Shifts what a layer adds so that its mean output is the float one's. */
  biasCorrection: z.boolean().default(true),
  /** Passes over all quantizers that try neighbouring binary points; 0: none. */
  greedyPasses: z.int().min(0).default(1),
});

const schema = z.strictObject({
  ...quantizers,
  named: z.record(z.string().min(1), z.unknown()).optional(),
  /** The input's type; by default bytes / 256. */
  input: inputSchema.prefault({}),
  /** Layers of their own, which train and are measured again, or multiplied into the layer in front. */
  batchNormalization: z.enum(['keep', 'fold']).default('keep'),
  calibration: calibrationSchema.prefault({}),
  /** Test images that the report's accuracies are measured on, after each step; 0: none. */
  evaluatedImages: z.int().min(0).default(1000),
  /** Chooses the training images. */
  seed: z.int().min(0).default(1),
});

type Quantization = RoleDefaults & { readonly named?: Readonly<Record<string, RoleDefaults>> };

/** How a float network becomes a fixed-point one, as people write it: the defaults of `createLayers`, and what is below. */
export type QuantizationInput = Omit<z.input<typeof schema>, Role | 'named'> & Quantization;
/** The same with every default filled in; quantizers are as given. */
export type QuantizationConfig = Omit<z.output<typeof schema>, Role | 'named'> & Quantization;

/** What is shown while a network is quantized. */
export interface QuantizationProgress {
  readonly phase: 'placing' | 'bias correction' | 'greedy' | 'evaluating';
  /** Pieces of work done, of `total` in this phase. */
  readonly done: number;
  readonly total: number;
}

/** What a network is quantized with, and how that is watched and ended; none of the latter changes a bit. */
export interface QuantizationSurroundings {
  /** Calibration takes images of its training part; accuracies are those of its test part. */
  readonly data: DataSet;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: QuantizationProgress) => void;
}

/**
 * Fills in defaults.
 * @throws QfxError naming a wrong or unknown key
 */
export function resolveQuantization(input: unknown, where = 'quantizeModel'): QuantizationConfig {
  return parseConfiguration(schema, input, where) as QuantizationConfig;
}
