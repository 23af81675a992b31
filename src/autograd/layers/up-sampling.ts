import { z } from 'zod';
import type { JsonObject } from '../../qfx/graph/graph.js';
import { parseConfiguration } from '../configuration.js';
import type { tf } from '../tensorflow.js';
import { layerName } from './configuration.js';
import type { ExactValue } from './exact-cast.js';
import { FixedPointLayer, commonKeys } from './layer.js';
import { pairSchema, requireImage } from './window.js';
import type { Pair } from './window.js';

const schema = z.strictObject({
  ...commonKeys,
  /** How often each row and each column comes. */
  size: pairSchema.prefault(2),
});
export type UpSampling2dConfig = z.input<typeof schema>;

/** Every pixel of [height, width, channels] as a rectangle of equal ones (nearest neighbour); values keep their type. */
export class UpSampling2d extends FixedPointLayer {
  static readonly className = 'QfxUpSampling2d';
  private readonly size: Pair;

  constructor(config: UpSampling2dConfig) {
    const { size, ...common } = parseConfiguration(schema, config, layerName(config.name, 'upSampling2d'));
    super({ ...common, operation: 'up-sampling2d' });
    this.size = size;
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    const [height, width, channels] = requireImage(inputShape, this.where);
    return [inputShape[0], height * this.size[0], width * this.size[1], channels];
  }

  protected override ownConfig(): Record<string, unknown> {
    return { size: this.size };
  }

  protected override attributes(): JsonObject {
    return { size: this.size };
  }

  protected override forward([x]: readonly tf.Tensor[]): tf.Tensor {
    const [height, width, channels] = requireImage(x.shape, this.where);
    const [rows, columns] = this.size;
    const wide = x.reshape([-1, 1, channels]).tile([1, columns, 1]);
    const tall = wide.reshape([-1, 1, width * columns * channels]).tile([1, rows, 1]);
    return tall.reshape([-1, height * rows, width * columns, channels]);
  }

  protected override exact(inputs: readonly tf.Tensor[]): ExactValue {
    return { parts: [this.forward(inputs)] };
  }
}
