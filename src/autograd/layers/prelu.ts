import { z } from 'zod';
import { QfxError } from '../../qfx/errors.js';
import type { IntegerTensor } from '../../qfx/number/raw-array.js';
import type { FixedPointFormat } from '../../qfx/number/type.js';
import { parseConfiguration } from '../configuration.js';
import type { Quantizer } from '../quantizer.js';
import type { ResolvedQuantizerConfig } from '../quantizer-config.js';
import { tf } from '../tensorflow.js';
import { layerName, resolveQuantizers } from './configuration.js';
import type { ExactValue } from './exact-cast.js';
import { FixedPointLayer, commonKeys } from './layer.js';
import type { LearnedFactor, ResolvedNode } from './layer.js';
import { applySlope, slopeParts } from './slope.js';

const schema = z.strictObject({ ...commonKeys, alpha: z.unknown().optional(), output: z.unknown().optional() });
export type PreluConfig = z.input<typeof schema>;

/** Where every slope starts. */
const firstSlope = 0.25;

/** x where that isn't negative, else alpha * x with a trained, quantized slope alpha for each channel. */
export class Prelu extends FixedPointLayer {
  static readonly className = 'QfxPrelu';
  private readonly quantizerConfigs: Record<'alpha', ResolvedQuantizerConfig>;
  private made: { readonly variable: tf.LayerVariable; readonly quantizer: Quantizer } | undefined;

  constructor(config: PreluConfig) {
    const where = layerName(config.name, 'prelu');
    const { name, trainable, alpha, output } = parseConfiguration(schema, config, where);
    super({ operation: 'prelu', name, trainable, output });
    this.quantizerConfigs = resolveQuantizers({ alpha }, where);
  }

  override get factor(): LearnedFactor {
    return this.factorOf(this.parts);
  }

  protected override ownConfig(): Record<string, unknown> {
    return { ...this.quantizerConfigs };
  }

  protected override buildWeights([inputShape]: readonly (readonly (number | null)[])[]): void {
    const channels = inputShape.at(-1);
    if (typeof channels !== 'number') throw new QfxError(this.where, 'the last axis of its input has no known size');
    const initializer = tf.initializers.constant({ value: firstSlope });
    this.made = {
      variable: this.addWeight('alpha', [channels], 'float32', initializer),
      quantizer: this.addQuantizer('alpha', this.quantizerConfigs.alpha, [channels]),
    };
  }

  protected override constants(): Record<string, IntegerTensor> {
    const { variable, quantizer } = this.parts;
    return { alpha: this.integersOf(quantizer, variable.read()) };
  }

  protected override forward([x]: readonly tf.Tensor[], training: boolean): tf.Tensor {
    const { variable, quantizer } = this.parts;
    return applySlope(x, quantizer.apply(variable.read(), { training }));
  }

  protected override exact([x]: readonly tf.Tensor[], { operands, constants }: ResolvedNode): ExactValue {
    return { parts: slopeParts(x, operands[0].format as FixedPointFormat, constants.alpha, this.where) };
  }

  private get parts(): NonNullable<typeof this.made> {
    if (this.made === undefined) throw new QfxError(this.where, 'has no weights yet: connect it to an input first');
    return this.made;
  }
}
