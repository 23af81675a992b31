import type { DataSet } from '../../../data/data-set.js';
import { QfxError } from '../../../qfx/errors.js';
import { peek, withDropoutSeeds } from '../../tensorflow.js';
import type { tf } from '../../tensorflow.js';
import { dropoutSeed } from '../batches.js';
import { copyOf } from '../copy.js';
import type { Batch } from '../batches.js';
import { reportingStatistics } from '../batch-statistics.js';
import { shardGradients } from '../gradients.js';
import type { Teaching } from '../gradients.js';
import type { LossResult } from '../loss.js';
import { modelWeights } from '../model-weights.js';
import type { ModelWeight } from '../model-weights.js';
import type { TrainingConfig } from '../options.js';
import { shardRange } from '../shards.js';
import { batchOf } from './batch-maker.js';
import type { BatchMemory } from './batch-maker.js';
import { viewMemory } from './shared-memory.js';
import type { MemoryViews, SharedMemory } from './shared-memory.js';

/** What a shard says besides the gradients and statistics in its memory. */
export interface ShardResult extends LossResult {
  readonly shard: number;
  /** The BatchNorm layers that reported statistics, by their position among them. */
  readonly reported: readonly number[];
}

/** The part of a configuration that a shard depends on. */
export type ShardConfig = Pick<TrainingConfig, 'batchSize' | 'shards' | 'seed' | 'distillation'>;

/** What a shard is computed from, besides a network. */
export interface ShardSetup {
  readonly shape: DataSet['shape'];
  readonly config: ShardConfig;
  readonly memory: SharedMemory;
  readonly batches: BatchMemory;
}

/** Computes shards in one thread. The result depends on the shard and the weights only, not on the thread. */
export class ShardExecutor {
  readonly views: MemoryViews;
  private readonly weights: readonly ModelWeight[];

  private readonly teaching: Teaching | undefined;

  /** @param teacher what the network learns from where the configuration has `distillation` */
  constructor(
    private readonly model: tf.LayersModel,
    private readonly setup: ShardSetup,
    teacher: tf.LayersModel | undefined,
  ) {
    const { distillation } = setup.config;
    this.teaching = teacher && distillation && { teacher, ...distillation };
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

  /**
   * Computes a shard of a step, whose batch is in its place, with the network's present weights; gradients and statistics are
   * in its memory afterwards.
   * @param trained positions of the weights that are trained
   * @throws QfxError for a layer that changes its own weights, where there are several shards
   */
  compute(step: number, shard: number, trained: readonly number[]): ShardResult {
    const { config, shape } = this.setup;
    const { gradients, statistics } = this.views.shards[shard];
    const batch = this.batchOf(step, shard);
    const weights = trained.map((position) => this.weights[position]);
    const targets = trained.map((position) => gradients[position]);
    const before = this.weights.map(({ variable }) => variable.dataId);
    const reported: number[] = [];
    let result: LossResult = { loss: 0, correct: 0 };
    const run = () => {
      result = shardGradients(this.model, weights, batch, shape, config.batchSize, targets, this.teaching);
    };
    const report: Parameters<typeof reportingStatistics>[1] = (layer, { mean, variance }) => {
      statistics[layer].mean.set(mean);
      statistics[layer].variance.set(variance);
      reported.push(layer);
    };
    const seedOf = (seed: number) => dropoutSeed(seed, step, shard);
    withDropoutSeeds(this.model, seedOf, () => reportingStatistics(this.model, report, run));
    if (config.shards > 1) this.refuseChanges(before);
    return { shard, ...result, reported };
  }

  /** The images of a shard: copied, since the memory is that of another step some time. */
  private batchOf(step: number, shard: number): Batch {
    const { batches, shape, config } = this.setup;
    const { images, labels } = batchOf(batches, step, shape, config.batchSize);
    const { start, end } = shardRange(config.batchSize, config.shards, shard);
    const size = images.length / config.batchSize;
    return { images: copyOf(images.subarray(start * size, end * size)), labels: labels.slice(start, end) };
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
