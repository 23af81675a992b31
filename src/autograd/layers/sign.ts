import { z } from 'zod';
import { parseConfiguration } from '../configuration.js';
import { applyFunction } from '../kernels/scalar-function.js';
import type { ScalarFunction } from '../scalar-function.js';
import type { tf } from '../tensorflow.js';
import { layerName } from './configuration.js';
import type { ExactValue } from './exact-cast.js';
import { FixedPointLayer, commonKeys } from './layer.js';

const schema = z.strictObject({ ...commonKeys });
export type SignConfig = z.input<typeof schema>;

/** Its gradient goes straight through between -1 and 1, where a value may still change its sign. */
const signFunction: ScalarFunction = {
  value: (x) => (x < 0 ? -1 : 1),
  derivative: (x) => (Math.abs(x) <= 1 ? 1 : 0),
};

/** 1 where x >= 0, else -1: binary activations. */
export class Sign extends FixedPointLayer {
  static readonly className = 'QfxSign';

  constructor(config: SignConfig) {
    super({ ...parseConfiguration(schema, config, layerName(config.name, 'sign')), operation: 'sign' });
  }

  protected override forward([x]: readonly tf.Tensor[]): tf.Tensor {
    return applyFunction(x, signFunction);
  }

  protected override exact(inputs: readonly tf.Tensor[]): ExactValue {
    return { parts: [this.forward(inputs)] };
  }
}
