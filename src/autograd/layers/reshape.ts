import { z } from 'zod';
import { QfxError } from '../../qfx/errors.js';
import type { JsonObject } from '../../qfx/graph/graph.js';
import { parseConfiguration } from '../configuration.js';
import type { tf } from '../tensorflow.js';
import { layerName } from './configuration.js';
import type { ExactValue } from './exact-cast.js';
import { FixedPointLayer, commonKeys } from './layer.js';

const schema = z.strictObject({
  ...commonKeys,
  /** Without the batch. */
  targetShape: z.array(z.int().min(1)).min(1),
});
export type ReshapeConfig = z.input<typeof schema>;

/** The same values, row-major, in another shape; they keep their type. */
export class Reshape extends FixedPointLayer {
  static readonly className = 'QfxReshape';
  private readonly targetShape: readonly number[];

  constructor(config: ReshapeConfig) {
    const { name, trainable, targetShape } = parseConfiguration(schema, config, layerName(config.name, 'reshape'));
    super({ operation: 'reshape', name, trainable });
    this.targetShape = targetShape;
  }

  override computeOutputShape([batch, ...shape]: (number | null)[]): (number | null)[] {
    const count = (sizes: readonly (number | null)[]) =>
      sizes.reduce<number>((product, size) => product * (size ?? NaN), 1);
    if (count(shape) === count(this.targetShape)) return [batch, ...this.targetShape];
    const found = `its input [${shape.join(', ')}] has ${count(shape)} values`;
    throw new QfxError(
      this.where,
      `${found}, targetShape [${this.targetShape.join(', ')}] needs ${count(this.targetShape)}`,
    );
  }

  protected override ownConfig(): Record<string, unknown> {
    return { targetShape: this.targetShape };
  }

  protected override attributes(): JsonObject {
    return { shape: this.targetShape };
  }

  protected override forward([x]: readonly tf.Tensor[]): tf.Tensor {
    return x.reshape([x.shape[0], ...this.targetShape]);
  }

  protected override exact(inputs: readonly tf.Tensor[]): ExactValue {
    return { parts: [this.forward(inputs)] };
  }
}
