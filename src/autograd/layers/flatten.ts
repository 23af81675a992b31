import { z } from 'zod';
import { elementCount } from '../../qfx/number/shape.js';
import { parseConfiguration } from '../configuration.js';
import type { tf } from '../tensorflow.js';
import { layerName } from './configuration.js';
import type { ExactValue } from './exact-cast.js';
import { FixedPointLayer, commonKeys } from './layer.js';

const schema = z.strictObject({ ...commonKeys });
export type FlattenConfig = z.input<typeof schema>;

/** [batch, ...] to [batch, values], row-major; values keep their type. */
export class Flatten extends FixedPointLayer {
  static readonly className = 'QfxFlatten';

  constructor(config: FlattenConfig) {
    super({ ...parseConfiguration(schema, config, layerName(config.name, 'flatten')), operation: 'flatten' });
  }

  override computeOutputShape([batch, ...shape]: (number | null)[]): (number | null)[] {
    return [batch, shape.reduce((product, size) => (product === null || size === null ? null : product * size), 1)];
  }

  protected override forward([x]: readonly tf.Tensor[]): tf.Tensor {
    return x.reshape([x.shape[0], elementCount(x.shape.slice(1))]);
  }

  protected override exact(inputs: readonly tf.Tensor[]): ExactValue {
    return { parts: [this.forward(inputs)] };
  }
}
