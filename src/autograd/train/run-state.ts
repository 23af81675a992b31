import { z } from 'zod';
import { runningBackends } from '../backend.js';
import { flipsSchema } from './flips.js';
import { networkDescriptionSchema } from './network-description.js';
import { trainingSchema } from './options.js';

const evaluation = z.strictObject({ images: z.int(), loss: z.number(), accuracy: z.number() });
const sums = z.strictObject({ loss: z.number(), correct: z.int(), images: z.int() });

/** Everything of a run that is not a tensor. Random choices are functions of seed, epoch and image: the step says it all. */
export const runStateSchema = z.strictObject({
  config: trainingSchema,
  /** SHA-256 of the data set. */
  dataChecksum: z.string(),
  network: networkDescriptionSchema,
  /** SHA-256 of the network that it learns from. */
  teacher: z.string().nullable().default(null),
  /** What its weights depend on besides; before backends could be chosen it was always wasm. */
  backend: z
    .strictObject({ name: z.enum(runningBackends), threads: z.int().min(1) })
    .default({ name: 'wasm', threads: 1 }),
  /** Steps done. */
  step: z.int().min(0),
  /** Epochs done and evaluated. */
  epochs: z.int().min(0),
  /** Since the last line of metrics. */
  interval: sums,
  /** Since the start of the epoch. */
  epoch: sums,
  /**
   * Of a run with a budget: bit operations before the first step, the strength of the term by now, and the share of bit operations
   * in channels that freezing would keep, when it was last looked at.
   */
  resources: z
    .strictObject({ start: z.number(), strength: z.number(), kept: z.number().default(1) })
    .nullable()
    .default(null),
  frozen: z.strictObject({ binaryPoints: z.boolean(), statistics: z.boolean() }),
  best: z.strictObject({ accuracy: z.number(), epoch: z.int() }).nullable(),
  /** Of a run that keeps a front: its networks, the cheapest first; accuracies on validation images. */
  front: z
    .array(
      z.strictObject({
        name: z.string().regex(/^[a-z0-9-]+$/),
        step: z.int(),
        epoch: z.int(),
        bitOperations: z.number(),
        accuracy: z.number(),
      }),
    )
    .default([]),
  /** Set once the last step is done and everything is frozen. */
  finished: z
    .strictObject({
      stoppedEarly: z.boolean(),
      kept: z.enum(['last', 'best']),
      validation: evaluation.nullable(),
      test: evaluation,
    })
    .nullable(),
  /** Computing time so far. */
  seconds: z.number().min(0),
  /** Length of metrics.jsonl. */
  metricsBytes: z.int().min(0),
  /** Turns of binary points since the last epoch. */
  flips: flipsSchema.default([]),
  /** Keys of the warnings that were given. */
  warned: z.array(z.string()).default([]),
});
export type RunState = z.output<typeof runStateSchema>;

/** Of a run before its first step. */
export function startState(
  run: Pick<RunState, 'config' | 'dataChecksum' | 'network' | 'teacher' | 'backend'>,
): RunState {
  return {
    ...run,
    step: 0,
    epochs: 0,
    interval: noSums,
    epoch: noSums,
    resources: null,
    frozen: { binaryPoints: false, statistics: false },
    best: null,
    front: [],
    finished: null,
    seconds: 0,
    metricsBytes: 0,
    flips: [],
    warned: [],
  };
}

/** Sums over trained images, from which means are made. */
type Sums = z.output<typeof sums>;
export const noSums: Sums = { loss: 0, correct: 0, images: 0 };

export function addSums(sums: Sums, loss: number, correct: number, images: number): Sums {
  return { loss: sums.loss + loss, correct: sums.correct + correct, images: sums.images + images };
}

/** Mean loss and accuracy; zeros for no images. */
export function means({ loss, correct, images }: Sums): { loss: number; accuracy: number } {
  return images === 0 ? { loss: 0, accuracy: 0 } : { loss: loss / images, accuracy: correct / images };
}
