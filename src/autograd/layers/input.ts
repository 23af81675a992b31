import { z } from 'zod';
import { QfxError } from '../../qfx/errors.js';
import type { JsonObject } from '../../qfx/graph/graph.js';
import { describeFormat, rawRange } from '../../qfx/number/type.js';
import type { FixedPointFormat, FixedPointType } from '../../qfx/number/type.js';
import { parseConfiguration } from '../configuration.js';
import { maximumTrainedBinaryPoint, maximumTrainedWordLength } from '../quantizer-config.js';
import { peek } from '../tensorflow.js';
import type { tf } from '../tensorflow.js';
import { layerName } from './configuration.js';
import type { ExactValue } from './exact-cast.js';
import { FixedPointLayer, commonKeys } from './layer.js';

const schema = z.strictObject({
  ...commonKeys,
  /** Without the batch, channels last. */
  inputShape: z.array(z.int().min(1)).min(1).optional(),
  /** W, in bits. */
  wordLength: z.int().min(1).max(maximumTrainedWordLength),
  /** F: a value is raw * 2^-F. Image bytes as byte / 256 are wordLength 8, binaryPoint 8. */
  binaryPoint: z.int().min(-maximumTrainedBinaryPoint).max(maximumTrainedBinaryPoint),
  signed: z.boolean().default(false),
  // What the tensor library adds to the configuration of a first layer.
  batchInputShape: z.array(z.int().min(1).nullable()).min(2).optional(),
  dtype: z.literal('float32').optional(),
});
export type InputConfig = z.input<typeof schema>;

/** Declares the exact type of the network's input. Values that the type does not have are refused, never rounded. */
export class Input extends FixedPointLayer {
  static readonly className = 'QfxInput';
  private readonly format: FixedPointFormat;

  constructor(config: InputConfig) {
    const parsed = parseConfiguration(schema, config, layerName(config.name, 'input'));
    const { name, trainable, wordLength, binaryPoint, signed } = parsed;
    const batchInputShape = parsed.batchInputShape ?? (parsed.inputShape && [null, ...parsed.inputShape]);
    super({ operation: 'input', name, trainable, batchInputShape });
    this.format = { wordLength, binaryPoint, signed };
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: { training?: boolean }): tf.Tensor {
    const [x] = Array.isArray(inputs) ? inputs : [inputs];
    requireRepresentable(x, this.format, this.where);
    return super.call(inputs, kwargs);
  }

  protected override declaredType(): FixedPointType {
    return { ...this.format, rounding: 'AP_TRN', overflow: 'AP_WRAP' };
  }

  protected override exactIsSigned(): boolean {
    return this.format.signed;
  }

  protected override ownConfig(): Record<string, unknown> {
    return { ...this.format };
  }

  protected override attributes([shape]: readonly (readonly number[])[]): JsonObject {
    return { shape };
  }

  protected override forward([x]: readonly tf.Tensor[]): tf.Tensor {
    return x.clone();
  }

  protected override exact([x]: readonly tf.Tensor[]): ExactValue {
    return { parts: [x] };
  }
}

/** @throws QfxError naming the first value that the format does not have */
export function requireRepresentable(x: tf.Tensor, format: FixedPointFormat, where: string): void {
  const values = peek(x);
  const scale = 2 ** format.binaryPoint;
  const { minimum, maximum } = rawRange(format);
  const [low, high] = [Number(minimum), Number(maximum)];
  for (let index = 0; index < values.length; index++) {
    const raw = values[index] * scale;
    if (Number.isInteger(raw) && raw >= low && raw <= high) continue;
    throw new QfxError(
      where,
      `input value ${values[index]} (index ${index} of shape [${x.shape.join(', ')}]) is no value of ` +
        `${describeFormat(format)}: it needs to be a whole number from ${low} to ${high}, divided by ${scale}`,
    );
  }
}
