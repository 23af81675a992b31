import type { DataSet } from '../../data/data-set.js';
import { QfxError } from '../../qfx/errors.js';
import type { RunningBackend } from '../backend.js';
import { requireSeeds } from '../layers/sources.js';
import type { tf } from '../tensorflow.js';
import type { Evaluation } from './evaluate.js';
import type { TrainingConfig } from './options.js';
import type { TrainingWarning } from './warnings.js';

/** What a caller gets to see while a network trains. */
export interface TrainingProgress {
  readonly phase: 'placing' | 'training' | 'freezing' | 'evaluating';
  /** Steps done, of `steps`. */
  readonly step: number;
  readonly steps: number;
  /** The epoch at work, from 1. */
  readonly epoch: number;
  /** Means over the current epoch's training images so far. */
  readonly loss: number;
  readonly accuracy: number;
  /** Estimated from the steps of this session; undefined before the first. */
  readonly secondsLeft: number | undefined;
}

/** Where a run writes, and how it is watched and ended. None of it changes a bit of the result. */
export interface TrainingSurroundings {
  /** Gets `metrics.jsonl`, `metrics.csv` and `checkpoints/`; without it nothing is written. */
  readonly folder?: string;
  /** Continues from the folder's last checkpoint; with none there it starts from the beginning. */
  readonly resume?: boolean;
  /** Replaces the run that the folder holds. Without it and `resume` a folder that holds one is refused. */
  readonly overwrite?: boolean;
  /**
   * Threads that compute, this one included; at most one a shard. By default as many as cores and shards allow, once so
   * much work is left that starting them pays; the run goes on without them where they cannot build the network.
   */
  readonly workers?: number;
  /** Ends the run after the step at work; the folder then holds a checkpoint of it. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TrainingProgress) => void;
  /** Gets what hurts in a network while it trains, at the end of epochs, each once in a run. */
  readonly onWarning?: (warning: TrainingWarning) => void;
}

/** A network of a run that no other one beats, in bit operations and accuracy on validation images. */
export interface FrontNetwork {
  /** `epoch-<number>`, or `end`: what the run ended with. */
  readonly name: string;
  /** Steps and epochs that had been done. */
  readonly step: number;
  readonly epoch: number;
  /** Of an image. */
  readonly bitOperations: number;
  /** On the validation images, a fraction 0..1. */
  readonly accuracy: number;
  /** Gives the run's model this network, with binary points and word lengths final as they were measured. */
  readonly restore: () => Promise<void>;
}

/** How a run ended; the model holds the final weights. */
export interface TrainingResult {
  readonly config: TrainingConfig;
  readonly steps: number;
  readonly epochs: number;
  readonly stoppedEarly: boolean;
  /** Measured on the final weights. */
  readonly validation: Evaluation | undefined;
  readonly test: Evaluation;
  /** With `pareto`: the cheapest first. */
  readonly front: readonly FrontNetwork[] | undefined;
  readonly backend: RunningBackend;
  /** Threads that computed at the end of this session. */
  readonly workers: number;
  /** Computing time, over all sessions of the run. */
  readonly seconds: number;
}

/** Throws QfxError when the network cannot take the data's images or tell its classes, or has a dropout without a seed. */
export function checkModel(model: tf.LayersModel, data: DataSet): void {
  checkShapes(model, data);
  requireSeeds(model);
}

/** Throws QfxError when the network cannot take the data's images or tell its classes. */
export function checkShapes(model: tf.LayersModel, data: DataSet): void {
  const where = `model "${model.name}"`;
  const describe = (shapes: readonly tf.SymbolicTensor[]) =>
    shapes.map(({ shape }) => `[${shape.slice(1).join(', ')}]`).join(' and ');
  if (describe(model.inputs) !== `[${data.shape.join(', ')}]`)
    throw new QfxError(
      where,
      `takes ${describe(model.inputs)}; images of "${data.name}" are [${data.shape.join(', ')}]`,
    );
  if (describe(model.outputs) !== `[${data.classes.length}]`)
    throw new QfxError(
      where,
      `returns ${describe(model.outputs)}; "${data.name}" needs one logit a class, [${data.classes.length}]`,
    );
}
