import type { DataSet, ImagePart } from '../../../data/data-set.js';
import { QfxError } from '../../../qfx/errors.js';
import { peek, withDropoutSeeds } from '../../tensorflow.js';
import type { tf } from '../../tensorflow.js';
import { dropoutSeed, makeBatch } from '../batches.js';
import type { Batch } from '../batches.js';
import { reportingStatistics } from '../batch-statistics.js';
import { shardGradients } from '../gradients.js';
import type { LossResult } from '../loss.js';
import { modelWeights } from '../model-weights.js';
import type { ModelWeight } from '../model-weights.js';
import type { TrainingConfig } from '../options.js';
import { shardRange } from '../shards.js';
import { viewMemory } from './shared-memory.js';
import type { MemoryViews, SharedMemory } from './shared-memory.js';

/** The images of a step. */
export interface StepImages {
  readonly step: number;
  readonly epoch: number;
  /** One an image of the batch, into the training images. */
  readonly indices: Uint32Array;
}

/** What a shard says besides the gradients and statistics in its memory. */
export interface ShardResult extends LossResult {
  readonly shard: number;
  /** The BatchNorm layers that reported statistics, by their position among them. */
  readonly reported: readonly number[];
}

/** The part of a configuration that a shard depends on. */
export type ShardConfig = Pick<TrainingConfig, 'batchSize' | 'shards' | 'seed' | 'augmentation'>;

/** What a shard is computed from, besides a network. */
export interface ShardSetup {
  readonly images: ImagePart;
  readonly shape: DataSet['shape'];
  readonly config: ShardConfig;
  readonly memory: SharedMemory;
}

/** Computes shards in one thread. The result depends on the shard and the weights only, not on the thread. */
export class ShardExecutor {
  readonly views: MemoryViews;
  private readonly weights: readonly ModelWeight[];
  private readonly prepared = new Map<number, { readonly step: number; readonly batch: Batch }>();

  constructor(
    private readonly model: tf.LayersModel,
    private readonly setup: ShardSetup,
  ) {
    this.views = viewMemory(model, setup.memory);
    this.weights = modelWeights(model);
  }

  /** Copies the network's weights to where every thread sees them. */
  publishWeights(): void {
    this.weights.forEach(({ variable }, position) => this.views.weights[position].set(peek(variable)));
  }

  /** Gives the network the weights that the main thread has published. */
  loadWeights(): void {
    this.weights.forEach((weight, position) => weight.write(this.views.weights[position]));
  }

  /** Makes a shard's images before they are needed. */
  prepare(images: StepImages, shard: number): void {
    this.prepared.set(shard, { step: images.step, batch: this.makeImages(images, shard) });
  }

  /**
   * Computes a shard with the network's present weights; gradients and statistics are in its memory afterwards.
   * @param trained positions of the weights that are trained
   * @throws QfxError for a layer that changes its own weights, where there are several shards
   */
  compute(images: StepImages, shard: number, trained: readonly number[]): ShardResult {
    const { config, shape } = this.setup;
    const { gradients, statistics } = this.views.shards[shard];
    const ready = this.prepared.get(shard);
    const batch = ready?.step === images.step ? ready.batch : this.makeImages(images, shard);
    const weights = trained.map((position) => this.weights[position]);
    const targets = trained.map((position) => gradients[position]);
    const before = this.weights.map(({ variable }) => variable.dataId);
    const reported: number[] = [];
    let result: LossResult = { loss: 0, correct: 0 };
    const run = () => {
      result = shardGradients(this.model, weights, batch, shape, config.batchSize, targets);
    };
    const report: Parameters<typeof reportingStatistics>[1] = (layer, { mean, variance }) => {
      statistics[layer].mean.set(mean);
      statistics[layer].variance.set(variance);
      reported.push(layer);
    };
    const seedOf = (seed: number) => dropoutSeed(seed, images.step, shard);
    withDropoutSeeds(this.model, seedOf, () => reportingStatistics(this.model, report, run));
    if (config.shards > 1) this.refuseChanges(before);
    return { shard, ...result, reported };
  }

  private makeImages({ epoch, indices }: StepImages, shard: number): Batch {
    const { images, shape, config } = this.setup;
    const { augmentation, seed, shards } = config;
    const { start, end } = shardRange(indices.length, shards, shard);
    const random = augmentation && { augmentation, seed, epoch };
    return makeBatch(images, shape, indices.subarray(start, end), random);
  }

  /** Shards start from the same weights: what one of them does to the network besides its gradients would be lost. */
  private refuseChanges(before: readonly object[]): void {
    const changed = this.weights.find(({ variable }, position) => variable.dataId !== before[position]);
    if (changed === undefined) return;
    throw new QfxError(
      `layer "${changed.layer}"`,
      `changes its weight "${changed.key.split('/').slice(1).join('/')}" in a training pass, which ${this.setup.config.shards} shards cannot share; ` +
        'needed: shards: 1 (batchNormalization of createLayers can)',
    );
  }
}
