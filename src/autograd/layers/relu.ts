import { z } from 'zod';
import type { JsonObject } from '../../qfx/graph/graph.js';
import { parseConfiguration } from '../configuration.js';
import { cast } from '../kernels/cast.js';
import type { CastAttributes } from '../kernels/cast.js';
import type { Quantizer } from '../quantizer.js';
import type { tf } from '../tensorflow.js';
import { layerName } from './configuration.js';
import type { ExactValue } from './exact-cast.js';
import { FixedPointLayer, commonKeys } from './layer.js';
import { requireFloat, shortestFixedPoint } from './reals.js';

const schema = z.strictObject({
  ...commonKeys,
  /** Clips at this value (ReLU6: 6). */
  maximum: z.number().positive().optional(),
  output: z.unknown().optional(),
});
export type ReluConfig = z.input<typeof schema>;

/** max(x, 0), or min(max(x, 0), maximum). */
export class Relu extends FixedPointLayer {
  static readonly className = 'QfxRelu';
  private readonly maximum: number | undefined;
  private knownCast: { readonly output: CastAttributes; readonly attributes: CastAttributes } | undefined;

  constructor(config: ReluConfig) {
    const where = layerName(config.name, 'relu');
    const { name, trainable, maximum, output } = parseConfiguration(schema, config, where);
    if (maximum !== undefined) requireFloat(maximum, `${where}: maximum`);
    super({ operation: 'relu', name, trainable, output, outputSigned: false });
    this.maximum = maximum;
  }

  protected override ownConfig(): Record<string, unknown> {
    return this.maximum === undefined ? {} : { maximum: this.maximum };
  }

  protected override attributes(): JsonObject {
    if (this.maximum === undefined) return {};
    const { raw, binaryPoint } = shortestFixedPoint(this.maximum);
    return { maximum: { raw: String(raw), binaryPoint } };
  }

  protected override exactIsSigned(): boolean {
    return false;
  }

  protected override forward([x]: readonly tf.Tensor[]): tf.Tensor {
    return this.maximum === undefined ? x.relu() : x.clipByValue(0, this.maximum);
  }

  protected override exact(inputs: readonly tf.Tensor[]): ExactValue {
    return { parts: [this.forward(inputs)] };
  }

  protected override forwardCast([x]: readonly tf.Tensor[], training: boolean, output: Quantizer): tf.Tensor {
    const part = output.castPart({ training });
    if (part === undefined) return this.forward([x]);
    return cast(x, { ...part, attributes: this.withRelu(part.attributes) });
  }

  /** The same object while the output's cast is the same: kernels keep what they derive from it. */
  private withRelu(output: CastAttributes): CastAttributes {
    if (this.knownCast?.output !== output) {
      const relu = { maximum: this.maximum ?? Infinity };
      this.knownCast = { output, attributes: { ...output, relu } };
    }
    return this.knownCast.attributes;
  }
}
