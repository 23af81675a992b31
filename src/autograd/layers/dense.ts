import { z } from 'zod';
import { QfxError } from '../../qfx/errors.js';
import { parseConfiguration } from '../configuration.js';
import { tf } from '../tensorflow.js';
import { layerName } from './configuration.js';
import { commonKeys } from './layer.js';
import { WeightedLayer, weightedKeys } from './weighted-layer.js';

const schema = z.strictObject({
  ...commonKeys,
  ...weightedKeys,
  /** Number of outputs. */
  units: z.int().min(1),
});
export type DenseConfig = z.input<typeof schema>;

/** Sums of products along the last axis: [batch, ..., features] to [batch, ..., units]. */
export class Dense extends WeightedLayer {
  static readonly className = 'QfxDense';
  private readonly units: number;

  constructor(config: DenseConfig) {
    const where = layerName(config.name, 'dense');
    const parsed = parseConfiguration(schema, config, where);
    super({ ...parsed, operation: 'dense' }, where);
    this.units = parsed.units;
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    return [...inputShape.slice(0, -1), this.units];
  }

  protected override ownConfig(): Record<string, unknown> {
    return { ...super.ownConfig(), units: this.units };
  }

  protected override kernelShape(inputShape: readonly (number | null)[]): number[] {
    const features = inputShape[inputShape.length - 1];
    if (inputShape.length >= 2 && typeof features === 'number') return [features, this.units];
    throw new QfxError(this.where, 'the last axis of its input has no known size');
  }

  protected override multiply(x: tf.Tensor, weights: tf.Tensor): tf.Tensor {
    const [features, units] = weights.shape;
    const positions = x.reshape<tf.Tensor2D>([-1, features]);
    return tf.matMul(positions, weights as tf.Tensor2D).reshape([...x.shape.slice(0, -1), units]);
  }
}
