import { z } from 'zod';
import { QfxError } from '../../qfx/errors.js';
import type { IntegerTensor } from '../../qfx/number/raw-array.js';
import { parseConfiguration } from '../configuration.js';
import { channelMoments, moveMoments, normalize } from '../kernels/normalization.js';
import type { Quantizer } from '../quantizer.js';
import type { ResolvedQuantizerConfig } from '../quantizer-config.js';
import { tf } from '../tensorflow.js';
import { layerName, resolveQuantizers } from './configuration.js';
import type { ExactValue } from './exact-cast.js';
import { FixedPointLayer, commonKeys } from './layer.js';
import type { LearnedFactor, ResolvedNode } from './layer.js';
import { realsOf } from './reals.js';

const schema = z.strictObject({
  ...commonKeys,
  /** How much of the moving statistics stays at each training step. */
  momentum: z.number().min(0).lt(1).default(0.99),
  /** Added to the variance. */
  epsilon: z.number().positive().default(1e-3),
  scale: z.unknown().optional(),
  offset: z.unknown().optional(),
  output: z.unknown().optional(),
});
export type BatchNormalizationConfig = z.input<typeof schema>;

/** Everything that `build` makes. */
interface Weights {
  readonly gamma: tf.LayerVariable;
  readonly beta: tf.LayerVariable;
  readonly movingMean: tf.LayerVariable;
  readonly movingVariance: tf.LayerVariable;
  /** [1]: 1 once the moving statistics are final. */
  readonly isFrozen: tf.LayerVariable;
  readonly scale: Quantizer;
  readonly offset: Quantizer;
}

/** Statistics that are being measured: sums over batches, weighted by their rows. */
interface Measurement {
  rows: number;
  readonly mean: Float64Array;
  /** Mean of squares. */
  readonly square: Float64Array;
}

/** What a BatchNorm saw in one training pass: mean and variance of each channel. */
export interface BatchStatistics {
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

/**
 * y = a * x + b per channel with a = gamma / sqrt(variance + epsilon) and b = beta - mean * a, both quantized; b is formed
 * with the quantized a. Trains with the statistics of the batch until they are frozen, then with the moving ones.
 */
export class BatchNormalization extends FixedPointLayer {
  static readonly className = 'QfxBatchNormalization';
  private readonly momentum: number;
  private readonly epsilon: number;
  private readonly quantizerConfigs: Record<'scale' | 'offset', ResolvedQuantizerConfig>;
  private made: Weights | undefined;
  private measurement: Measurement | undefined;
  private report: ((statistics: BatchStatistics) => void) | undefined;

  constructor(config: BatchNormalizationConfig) {
    const where = layerName(config.name, 'batchNormalization');
    const { name, trainable, momentum, epsilon, scale, offset, output } = parseConfiguration(schema, config, where);
    super({ operation: 'batch-normalization', name, trainable, output, outputSigned: true });
    this.momentum = momentum;
    this.epsilon = epsilon;
    this.quantizerConfigs = resolveQuantizers({ scale, offset }, where);
  }

  /** True once the moving statistics are used in training, too. */
  get areStatisticsFrozen(): boolean {
    return this.made !== undefined && this.made.isFrozen.read().dataSync()[0] === 1;
  }

  get channels(): number {
    return this.parts.gamma.read().size;
  }

  /** Its a, with the moving statistics. */
  override get factor(): LearnedFactor {
    const { gamma, movingVariance, scale } = this.parts;
    return {
      quantizer: scale,
      shape: [this.channels],
      places: this.positions,
      values: () => tf.tidy(() => this.scaleOf(gamma.read(), movingVariance.read()).dataSync()) as Float32Array,
    };
  }

  /** From now on training, too, uses the moving statistics and leaves them alone; gamma and beta go on training. */
  freezeStatistics(): void {
    tf.tidy(() => void this.parts.isFrozen.write(tf.ones([1])));
  }

  /** Keeps its results where its input's channels are multiplied by factors from now on: statistics and gamma follow. */
  followInput(factors: tf.Tensor1D): void {
    const { gamma, movingMean, movingVariance } = this.parts;
    tf.tidy(() => {
      const before = this.scaleOf(gamma.read(), movingVariance.read());
      movingMean.write(movingMean.read().mul(factors));
      movingVariance.write(movingVariance.read().mul(factors.square()));
      gamma.write(before.div(factors).mul(movingVariance.read().add(this.epsilon).sqrt()));
    });
  }

  /** Until `endMeasurement`, training passes use each batch's own statistics and only collect them. */
  beginMeasurement(): void {
    const { channels } = this;
    this.measurement = { rows: 0, mean: new Float64Array(channels), square: new Float64Array(channels) };
  }

  /** Makes the statistics of all batches since `beginMeasurement` the moving ones. */
  endMeasurement(): void {
    const { measurement } = this;
    this.measurement = undefined;
    if (measurement === undefined || measurement.rows === 0) throw new QfxError(this.where, 'no batch was measured');
    const { mean, square, rows } = measurement;
    const means = mean.map((sum) => sum / rows);
    const variances = square.map((sum, channel) => Math.max(0, sum / rows - means[channel] ** 2));
    tf.tidy(() => {
      this.parts.movingMean.write(tf.tensor1d(Float32Array.from(means)));
      this.parts.movingVariance.write(tf.tensor1d(Float32Array.from(variances)));
    });
  }

  /** Remembers the moving statistics; the returned function puts them back. */
  keepStatistics(): () => void {
    const { movingMean, movingVariance } = this.parts;
    const kept = [movingMean, movingVariance].map((weight) => ({ weight, values: weight.read().dataSync().slice() }));
    return () => tf.tidy(() => kept.forEach(({ weight, values }) => weight.write(tf.tensor1d(values))));
  }

  /** From now on training passes hand the batch's statistics to `report` and leave the moving ones alone; undefined undoes it. */
  reportStatistics(report: ((statistics: BatchStatistics) => void) | undefined): void {
    this.report = report;
  }

  /** Moves the moving statistics by one step towards those of a batch, as a training pass does. */
  moveStatistics({ mean, variance }: BatchStatistics): void {
    tf.tidy(() => this.moveTowards(tf.tensor([...mean, ...variance], [2, mean.length], 'float32')));
  }

  protected override ownConfig(): Record<string, unknown> {
    return { momentum: this.momentum, epsilon: this.epsilon, ...this.quantizerConfigs };
  }

  protected override buildWeights([inputShape]: readonly (readonly (number | null)[])[]): void {
    const channels = inputShape.at(-1);
    if (typeof channels !== 'number') throw new QfxError(this.where, 'the last axis of its input has no known size');
    const add = (name: string, value: number, trainable: boolean, length = channels) =>
      this.addWeight(name, [length], 'float32', tf.initializers.constant({ value }), undefined, trainable);
    this.made = {
      gamma: add('gamma', 1, true),
      beta: add('beta', 0, true),
      movingMean: add('moving_mean', 0, false),
      movingVariance: add('moving_variance', 1, false),
      isFrozen: add('statistics_frozen', 0, false, 1),
      scale: this.addQuantizer('scale', this.quantizerConfigs.scale, [channels]),
      offset: this.addQuantizer('offset', this.quantizerConfigs.offset, [channels]),
    };
  }

  protected override exactIsSigned(): boolean {
    return true;
  }

  protected override constants(): Record<string, IntegerTensor> {
    const { gamma, beta, movingMean, movingVariance } = this.parts;
    const scale = this.integersOf(this.parts.scale, this.scaleOf(gamma.read(), movingVariance.read()));
    const quantized = tf.tensor1d(realsOf(scale));
    const offset = this.integersOf(this.parts.offset, offsetOf(beta.read(), movingMean.read(), quantized));
    return { scale, offset };
  }

  protected override forward([x]: readonly tf.Tensor[], training: boolean): tf.Tensor {
    return this.normalize(x, training);
  }

  protected override forwardCast([x]: readonly tf.Tensor[], training: boolean, output: Quantizer): tf.Tensor {
    return this.normalize(x, training, output);
  }

  protected override exact([x]: readonly tf.Tensor[], { constants }: ResolvedNode): ExactValue {
    return { parts: [x], scale: realsOf(constants.scale), offset: realsOf(constants.offset) };
  }

  private get parts(): Weights {
    if (this.made === undefined) throw new QfxError(this.where, 'has no weights yet: connect it to an input first');
    return this.made;
  }

  private scaleOf(gamma: tf.Tensor, variance: tf.Tensor): tf.Tensor {
    return gamma.div(variance.add(this.epsilon).sqrt());
  }

  private normalize(x: tf.Tensor, training: boolean, output?: Quantizer): tf.Tensor {
    const isOfBatch = training && (this.measurement !== undefined || !this.areStatisticsFrozen);
    const moments = isOfBatch ? this.batchMoments(x) : this.movingMoments();
    const [gamma, beta] = [this.parts.gamma.read(), this.parts.beta.read()];
    const casts = {
      ...this.parameterCasts(gamma, beta, moments, training),
      output: output?.castPart({ training }),
    };
    return normalize({ x, gamma, beta, moments }, { epsilon: this.epsilon, isOfBatch, casts });
  }

  private parameterCasts(gamma: tf.Tensor, beta: tf.Tensor, moments: tf.Tensor, training: boolean) {
    const { scale, offset } = this.parts;
    const exactScale = () => this.scaleOf(gamma, tf.unstack(moments)[1]);
    const exactOffset = () => offsetOf(beta, tf.unstack(moments)[0], scale.apply(exactScale(), { training }));
    return { scale: scale.castPart({ training }, exactScale), offset: offset.castPart({ training }, exactOffset) };
  }

  private movingMoments(): tf.Tensor {
    const { movingMean, movingVariance } = this.parts;
    return tf.stack([movingMean.read(), movingVariance.read()]);
  }

  /** [2, channels], mean and variance of a batch; the moving ones follow them, or they are reported or collected. */
  private batchMoments(x: tf.Tensor): tf.Tensor {
    const moments = channelMoments(x);
    if (this.measurement !== undefined) collect(this.measurement, x.size / this.parts.gamma.read().size, moments);
    else if (this.report !== undefined) this.report(readMoments(moments));
    else this.moveTowards(moments);
    return moments;
  }

  private moveTowards(moments: tf.Tensor): void {
    const { movingMean, movingVariance } = this.parts;
    const [mean, variance] = moveMoments(movingMean.read(), movingVariance.read(), moments, this.momentum);
    movingMean.write(mean);
    movingVariance.write(variance);
  }
}

/** The BatchNorm layers of a network, in its order. */
export function batchNormalizationsOf(model: tf.LayersModel): BatchNormalization[] {
  return model.layers.filter((layer) => layer instanceof BatchNormalization);
}

function offsetOf(beta: tf.Tensor, mean: tf.Tensor, scale: tf.Tensor): tf.Tensor {
  return beta.sub(mean.mul(scale));
}

function readMoments(moments: tf.Tensor): BatchStatistics {
  const values = moments.dataSync() as Float32Array;
  const channels = values.length / 2;
  return { mean: values.subarray(0, channels), variance: values.subarray(channels) };
}

function collect(measurement: Measurement, rows: number, moments: tf.Tensor): void {
  const { mean: means, variance: variances } = readMoments(moments);
  measurement.rows += rows;
  for (let channel = 0; channel < means.length; channel++) {
    measurement.mean[channel] += rows * means[channel];
    measurement.square[channel] += rows * (variances[channel] + means[channel] ** 2);
  }
}
