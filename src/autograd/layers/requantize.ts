import { z } from 'zod';
import { parseConfiguration } from '../configuration.js';
import type { tf } from '../tensorflow.js';
import { layerName } from './configuration.js';
import type { ExactValue } from './exact-cast.js';
import { FixedPointLayer, commonKeys } from './layer.js';

const schema = z.strictObject({ ...commonKeys, output: z.unknown().optional() });
export type RequantizeConfig = z.input<typeof schema>;

/** The identity, with a cast to a type of its own. */
export class Requantize extends FixedPointLayer {
  static readonly className = 'QfxRequantize';

  constructor(config: RequantizeConfig) {
    const { name, trainable, output } = parseConfiguration(schema, config, layerName(config.name, 'requantize'));
    super({ operation: 'requantize', name, trainable, output });
  }

  protected override forward([x]: readonly tf.Tensor[]): tf.Tensor {
    return x.clone();
  }

  protected override exact([x]: readonly tf.Tensor[]): ExactValue {
    return { parts: [x] };
  }
}
