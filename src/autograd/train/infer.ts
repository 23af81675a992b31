import type { DataSet, ImagePart } from '../../data/data-set.js';
import { elementCount } from '../../qfx/number/shape.js';
import { tf } from '../tensorflow.js';
import { makeBatch } from './batches.js';

const imagesAtOnce = 200;

/** Lets timers, signals and progress bars have their turn between two pieces of computing. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Inference over images of a data set, cut into pieces that any thread may take. */
export interface InferenceJob {
  readonly part: ImagePart;
  readonly shape: DataSet['shape'];
  /** Values of the network's only output, image after image; written by who takes a piece. */
  readonly outputs: Float32Array;
  /** [1]: pieces that were taken so far. */
  readonly taken: Int32Array;
}

/** What went wrong in a piece. */
export interface FailedPiece {
  readonly piece: number;
  readonly error: unknown;
}

/** A job in memory that threads can share. */
function createJob(model: tf.LayersModel, part: ImagePart, shape: DataSet['shape']): InferenceJob {
  const values = part.labels.length * outputSize(model);
  return {
    part,
    shape,
    outputs: new Float32Array(new SharedArrayBuffer(values * Float32Array.BYTES_PER_ELEMENT)),
    taken: new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)),
  };
}

/** Takes and computes the next piece of a job; false when none is left. After a failure nobody gets another one. */
export function inferPiece(model: tf.LayersModel, job: InferenceJob): FailedPiece | boolean {
  const { part, shape, outputs, taken } = job;
  const images = part.labels.length;
  const piece = Atomics.add(taken, 0, 1);
  const start = piece * imagesAtOnce;
  if (start >= images) return false;
  try {
    const length = Math.min(imagesAtOnce, images - start);
    const indices = Array.from({ length }, (_, index) => start + index);
    const batch = makeBatch(part, shape, indices);
    tf.tidy(() => {
      const x = tf.tensor(batch.images, [length, ...shape], 'float32');
      const values = (model.apply(x, { training: false }) as tf.Tensor).dataSync() as Float32Array;
      outputs.set(values, start * outputSize(model));
    });
    return true;
  } catch (error) {
    endJob(job);
    return { piece, error };
  }
}

/** Nobody gets another piece. */
function endJob({ part, taken }: InferenceJob): void {
  Atomics.store(taken, 0, part.labels.length);
}

/** Other threads that help with a job: they take pieces until none is left, and say what failed. */
type InferenceHelpers = (job: InferenceJob) => Promise<readonly FailedPiece[]>;

/**
 * Runs the inference path (no batch statistics, all casts) over images of a data set.
 * Returns the values of the network's only output, image after image. Throws the signal's reason when it is aborted.
 */
export async function infer(
  model: tf.LayersModel,
  part: ImagePart,
  shape: DataSet['shape'],
  { signal, helpers }: { readonly signal?: AbortSignal; readonly helpers?: InferenceHelpers } = {},
): Promise<Float32Array> {
  const job = createJob(model, part, shape);
  const help = helpers?.(job);
  help?.catch(() => endJob(job)); // the failure itself comes out below
  let own: FailedPiece | boolean = true;
  while (own === true) {
    if (signal?.aborted) endJob(job);
    own = inferPiece(model, job);
    await breathe();
  }
  // Pieces are taken in order, so that the first one that fails is always among those taken.
  const failed = [...(typeof own === 'object' ? [own] : []), ...((await help) ?? [])];
  signal?.throwIfAborted();
  if (failed.length > 0) throw failed.reduce((first, other) => (other.piece < first.piece ? other : first)).error;
  return job.outputs;
}

function outputSize(model: tf.LayersModel): number {
  return elementCount(model.outputs[0].shape.slice(1) as number[]);
}
