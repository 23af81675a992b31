import { z } from 'zod';
import { QfxError } from '../../qfx/errors.js';
import { parseConfiguration } from '../configuration.js';
import type { tf } from '../tensorflow.js';
import { layerName } from './configuration.js';
import type { ExactValue } from './exact-cast.js';
import { FixedPointLayer, commonKeys } from './layer.js';

const schema = z.strictObject({ ...commonKeys });
export type ArgmaxConfig = z.input<typeof schema>;

/**
 * The index of the largest value along the last axis, the lowest one of several. It has no gradient: put it behind a
 * trained network, in a model of its own.
 */
export class Argmax extends FixedPointLayer {
  static readonly className = 'QfxArgmax';

  constructor(config: ArgmaxConfig) {
    super({ ...parseConfiguration(schema, config, layerName(config.name, 'argmax')), operation: 'argmax' });
  }

  override computeOutputShape([batch, ...shape]: (number | null)[]): (number | null)[] {
    return [batch, ...(shape.length === 1 ? [1] : shape.slice(0, -1))];
  }

  protected override exactIsSigned(): boolean {
    return false;
  }

  protected override forward([x]: readonly tf.Tensor[], training: boolean): tf.Tensor {
    if (training) throw new QfxError(this.where, 'argmax has no gradient; train the model that ends before it');
    const index = x.argMax(-1).toFloat();
    return x.rank === 2 ? index.expandDims(1) : index;
  }

  protected override exact([x]: readonly tf.Tensor[]): ExactValue {
    return { parts: [this.forward([x], false)] };
  }
}
