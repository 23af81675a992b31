import { z } from 'zod';
import type { JsonObject } from '../../qfx/graph/graph.js';
import { parseConfiguration } from '../configuration.js';
import { tf } from '../tensorflow.js';
import { layerName } from './configuration.js';
import type { ExactValue } from './exact-cast.js';
import { FixedPointLayer, commonKeys } from './layer.js';
import { explicitPadding, requireImage } from './window.js';
import type { Padding } from './window.js';

const amount = z.int().min(0);
const schema = z.strictObject({
  ...commonKeys,
  /** [top, bottom, left, right], or one number for all four. */
  padding: z
    .union([
      amount.transform((all): [number, number, number, number] => [all, all, all, all]),
      z.tuple([amount, amount, amount, amount]),
    ])
    .prefault(1),
});
export type ZeroPadding2dConfig = z.input<typeof schema>;

/** Rows and columns of zeros around [height, width, channels]; values keep their type. */
export class ZeroPadding2d extends FixedPointLayer {
  static readonly className = 'QfxZeroPadding2d';
  private readonly padding: Padding;

  constructor(config: ZeroPadding2dConfig) {
    const { padding, ...common } = parseConfiguration(schema, config, layerName(config.name, 'zeroPadding2d'));
    super({ ...common, operation: 'zero-padding2d' });
    this.padding = padding;
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    const [height, width, channels] = requireImage(inputShape, this.where);
    const [top, bottom, left, right] = this.padding;
    return [inputShape[0], top + height + bottom, left + width + right, channels];
  }

  protected override ownConfig(): Record<string, unknown> {
    return { padding: this.padding };
  }

  protected override attributes(): JsonObject {
    return { padding: this.padding };
  }

  protected override forward([x]: readonly tf.Tensor[]): tf.Tensor {
    return tf.pad(x, explicitPadding(this.padding));
  }

  protected override exact(inputs: readonly tf.Tensor[]): ExactValue {
    return { parts: [this.forward(inputs)] };
  }
}
