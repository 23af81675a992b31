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

/** Sums of products with every input: [batch, features] to [batch, units]. */
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
    return [inputShape[0], this.units];
  }

  protected override ownConfig(): Record<string, unknown> {
    return { ...super.ownConfig(), units: this.units };
  }

  protected override kernelShape(inputShape: readonly (number | null)[]): number[] {
    const [, features] = inputShape;
    if (inputShape.length === 2 && typeof features === 'number') return [features, this.units];
    const found = inputShape.slice(1).join(', ');
    throw new QfxError(this.where, `its input has shape [${found}], needed: [features] (put a flatten in between)`);
  }

  protected override multiply(x: tf.Tensor, weights: tf.Tensor): tf.Tensor {
    return tf.matMul(x as tf.Tensor2D, weights as tf.Tensor2D);
  }
}
