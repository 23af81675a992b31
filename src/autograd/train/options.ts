import { z } from 'zod';
import { parseConfiguration } from '../configuration.js';
import { augmentationSchema } from './batches.js';
import { gradientClippingSchema } from './clipping.js';
import { distillationSchema } from './distillation.js';
import { optimizerSchema } from './optimizers.js';
import { learningRateSchema } from './schedules.js';

const fractionOfRun = z.number().min(0).max(1);

/** When trainable things become final, as fractions of the run's steps; 1 means after the last step. */
const freezingSchema = z.strictObject({
  /** Binary points. */
  binaryPoints: fractionOfRun.default(0.7),
  /**
   * How they are chosen: `neighbours` of where training left them, or of all plausible ones by `search`, each by squared error;
   * or, where these differ, by the measured `loss`, so that the network is never worse than with either.
   */
  by: z.enum(['loss', 'neighbours', 'search']).default('loss'),
  /** Statistics of BatchNorm, measured again on the quantized network. */
  statistics: fractionOfRun.default(0.85),
  /** Training images to measure on. */
  images: z.int().min(1).default(512),
});

/** How a network is trained: everything that decides the resulting bits, besides the network and the data. */
export const trainingSchema = z
  .strictObject({
    epochs: z.int().min(1).default(3),
    /** Images a step; images that do not fill a last batch are left out of their epoch. */
    batchSize: z.int().min(1).default(128),
    /** Parts of a batch; their gradients are added in order, BatchNorm sees one part at a time, workers compute them at once. */
    shards: z.int().min(1).default(2),
    seed: z.int().min(0).default(1),
    optimizer: optimizerSchema.prefault({ name: 'adam' }),
    learningRate: learningRateSchema.prefault({ schedule: 'cosine', rate: 1e-3 }),
    gradientClipping: gradientClippingSchema.optional(),
    augmentation: augmentationSchema.optional(),
    /** Learning from a teacher's answers beside the labels. */
    distillation: distillationSchema.optional(),
    freezing: freezingSchema.prefault({}),
    /** What learned word lengths may take at most, when they are frozen. */
    resources: z.strictObject({ bitOperations: z.number().positive() }).optional(),
    /**
     * Keeps the networks at the end of epochs that no other one beats, in bit operations and accuracy on validation images; at
     * most so many.
     */
    pareto: z.strictObject({ networks: z.int().min(2).default(10) }).optional(),
    /** Training images set aside (the last ones) to validate on; 0 validates on the test set, and says so. */
    validationImages: z.int().min(0).default(0),
    /** Ends the run when so many epochs in a row brought no better accuracy. */
    earlyStopping: z.strictObject({ epochs: z.int().min(1) }).optional(),
    /** Which weights the run ends with. `best` needs validation images: choosing by test images would flatter the result. */
    keep: z.enum(['last', 'best']).default('last'),
    /** Steps between two lines of metrics. */
    logEvery: z.int().min(1).default(50),
  })
  .refine((training) => training.shards <= training.batchSize, {
    path: ['shards'],
    message: 'must be at most batchSize',
  })
  .refine((training) => training.keep === 'last' || training.validationImages > 0, {
    path: ['keep'],
    message: 'best needs validationImages: choosing by test images would flatter the result',
  })
  .refine((training) => training.pareto === undefined || training.validationImages > 0, {
    path: ['pareto'],
    message: 'needs validationImages: choosing by test images would flatter the result',
  })
  .refine((training) => training.earlyStopping === undefined || training.validationImages > 0, {
    path: ['earlyStopping'],
    message: 'needs validationImages: choosing by test images would flatter the result',
  });

/** A training configuration as people write it. */
export type TrainingInput = z.input<typeof trainingSchema>;
/** A training configuration with every default filled in. */
export type TrainingConfig = z.output<typeof trainingSchema>;

/** Fills in defaults; throws QfxError naming the wrong or unknown key. */
export function resolveTraining(input: unknown, where = 'training'): TrainingConfig {
  return parseConfiguration(trainingSchema, input, where);
}
