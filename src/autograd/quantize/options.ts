import { z } from 'zod';
import { inputFormat } from '../../data/data-set.js';
import type { DataSet, InputFormat } from '../../data/data-set.js';
import { QfxError } from '../../qfx/errors.js';
import { parseConfiguration } from '../configuration.js';
import { roles } from '../layers/configuration.js';
import type { Role, RoleDefaults } from '../layers/configuration.js';

/** Checked where layers are made. */
const quantizers = Object.fromEntries(roles.map((role) => [role, z.unknown().optional()])) as Record<
  Role,
  z.ZodOptional<z.ZodUnknown>
>;

/** Taken where nothing else is said; all where there are fewer. */
const defaultImages = 256;
const defaultStatisticsImages = 2048;

const inputSchema = z.strictObject({
  wordLength: z.int().min(1).optional(),
  binaryPoint: z.int().optional(),
  signed: z.boolean().optional(),
});

const calibrationSchema = z.strictObject({
  /** Training images that place the binary points of activations, and that outputs are compared on. */
  images: z.int().min(1).optional(),
  /** Training images that BatchNorm's statistics are measured again on. */
  statisticsImages: z.int().min(1).optional(),
  /** Shifts what a layer adds so that its mean output is the float one's. */
  biasCorrection: z.boolean().default(true),
  /** Passes over all quantizers that try neighbouring binary points; 0: none. */
  greedyPasses: z.int().min(0).default(1),
});

const schema = z.strictObject({
  ...quantizers,
  named: z.record(z.string().min(1), z.unknown()).optional(),
  /** The input's type; by default that of the data, bytes / 256 of images. */
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
/** The same with every default filled in, also those that depend on the data; quantizers are as given. */
export type QuantizationConfig = Omit<z.output<typeof schema>, Role | 'named' | 'input' | 'calibration'> &
  Quantization & {
    readonly input: InputFormat;
    readonly calibration: Required<z.output<typeof calibrationSchema>>;
  };

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
 * @throws QfxError naming a wrong or unknown key, or saying that there are not so many training images
 */
export function resolveQuantization(
  given: unknown,
  { name, train }: DataSet,
  where = 'quantizeModel',
): QuantizationConfig {
  const { input, calibration, ...others } = parseConfiguration(schema, given, where) as z.output<typeof schema>;
  const available = train.labels.length;
  const images = calibration.images ?? Math.min(defaultImages, available);
  const statisticsImages = calibration.statisticsImages ?? Math.min(defaultStatisticsImages, available);
  const wanted = Math.max(images, statisticsImages);
  if (available < wanted)
    throw new QfxError(
      `${where}: calibration`,
      `${wanted} images, but data set "${name}" has ${available} to train on`,
    );
  return {
    ...(others as Omit<QuantizationConfig, 'input' | 'calibration'>),
    input: { ...inputFormat(train), ...input },
    calibration: { ...calibration, images, statisticsImages },
  };
}
