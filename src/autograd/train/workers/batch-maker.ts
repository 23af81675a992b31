import type { DataSet, ImagePart } from '../../../data/data-set.js';
import { epochOrder, fillBatch } from '../batches.js';
import type { Batch } from '../batches.js';
import type { TrainingConfig } from '../options.js';

/** What the batches of a run depend on, besides the images. */
export type BatchConfig = Pick<TrainingConfig, 'batchSize' | 'seed' | 'augmentation'>;

/** Two batches, so that the next one can be made while one is computed: that of step s is in place s modulo 2. */
export type BatchMemory = readonly SharedArrayBuffer[];

/** What batches are made from, in any thread. */
export interface BatchSetup {
  readonly images: ImagePart;
  readonly shape: DataSet['shape'];
  readonly config: BatchConfig;
  readonly memory: BatchMemory;
}

const batchesInMemory = 2;

function valuesOf(shape: DataSet['shape'], batchSize: number): number {
  return batchSize * shape[0] * shape[1] * shape[2];
}

/** Memory for the batches of a run. */
export function allocateBatches(shape: DataSet['shape'], batchSize: number): BatchMemory {
  const bytes = valuesOf(shape, batchSize) * Float32Array.BYTES_PER_ELEMENT + batchSize * Uint16Array.BYTES_PER_ELEMENT;
  return Array.from({ length: batchesInMemory }, () => new SharedArrayBuffer(bytes));
}

/** Where the batch of a step is. */
export function batchOf(memory: BatchMemory, step: number, shape: DataSet['shape'], batchSize: number): Batch {
  const buffer = memory[step % memory.length];
  const images = new Float32Array(buffer, 0, valuesOf(shape, batchSize));
  return { images, labels: new Uint16Array(buffer, images.byteLength, batchSize) };
}

/** Makes the batches of a run. One is a function of seed and step, whatever thread makes it. */
export class BatchMaker {
  private readonly stepsPerEpoch: number;
  private order: { readonly epoch: number; readonly indices: Uint32Array } | undefined;

  constructor(private readonly setup: BatchSetup) {
    this.stepsPerEpoch = Math.floor(setup.images.labels.length / setup.config.batchSize);
  }

  /** Writes the batch of a step to its place. */
  make(step: number): void {
    const { images, shape, config, memory } = this.setup;
    const { batchSize, seed, augmentation } = config;
    const epoch = Math.floor(step / this.stepsPerEpoch);
    if (this.order?.epoch !== epoch) this.order = { epoch, indices: epochOrder(images.labels.length, seed, epoch) };
    const first = (step % this.stepsPerEpoch) * batchSize;
    const indices = this.order.indices.subarray(first, first + batchSize);
    const random = augmentation && { augmentation, seed, epoch };
    fillBatch(batchOf(memory, step, shape, batchSize), images, shape, indices, random);
  }
}
