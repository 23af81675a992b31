import { z } from 'zod';
import type { JsonObject } from '../../qfx/graph/graph.js';
import type { IntegerTensor } from '../../qfx/number/raw-array.js';
import { smallestFormat } from '../../qfx/number/type.js';
import type { FixedPointFormat } from '../../qfx/number/type.js';
import { parseConfiguration } from '../configuration.js';
import { tf } from '../tensorflow.js';
import { layerName } from './configuration.js';
import type { ExactValue } from './exact-cast.js';
import { FixedPointLayer, commonKeys } from './layer.js';
import type { ResolvedNode } from './layer.js';
import { requireFloat, shortestFixedPoint } from './reals.js';
import { applySlope, slopeParts } from './slope.js';

const schema = z.strictObject({
  ...commonKeys,
  /** The slope of negative values; a power of two costs no multiplication. */
  alpha: z.number().positive().default(0.125),
  output: z.unknown().optional(),
});
export type LeakyReluConfig = z.input<typeof schema>;

/** x where that isn't negative, else alpha * x with a constant slope alpha. */
export class LeakyRelu extends FixedPointLayer {
  static readonly className = 'QfxLeakyRelu';
  private readonly alpha: number;

  constructor(config: LeakyReluConfig) {
    const where = layerName(config.name, 'leakyRelu');
    const { name, trainable, alpha, output } = parseConfiguration(schema, config, where);
    requireFloat(alpha, `${where}: alpha`);
    super({ operation: 'leaky-relu', name, trainable, output });
    this.alpha = alpha;
  }

  protected override ownConfig(): Record<string, unknown> {
    return { alpha: this.alpha };
  }

  protected override attributes(): JsonObject {
    const { raw, binaryPoint } = shortestFixedPoint(this.alpha);
    return { alpha: { raw: String(raw), binaryPoint } };
  }

  protected override forward([x]: readonly tf.Tensor[]): tf.Tensor {
    return applySlope(x, tf.scalar(this.alpha));
  }

  protected override exact([x]: readonly tf.Tensor[], { operands }: ResolvedNode): ExactValue {
    const { raw, binaryPoint } = shortestFixedPoint(this.alpha);
    const slope: IntegerTensor = {
      shape: [1],
      format: smallestFormat(0n, raw, binaryPoint),
      raw: Float64Array.of(Number(raw)),
    };
    return { parts: slopeParts(x, operands[0].format as FixedPointFormat, slope, this.where) };
  }
}
