import { z } from 'zod';
import { QfxError } from '../../qfx/errors.js';
import type { IntegerTensor } from '../../qfx/number/raw-array.js';
import { compileRealCast } from '../../qfx/number/real.js';
import type { FixedPointFormat, FixedPointType } from '../../qfx/number/type.js';
import type { OperandDescription } from '../../qfx/operations/operation.js';
import { requireUniformInput } from '../../qfx/operations/operand.js';
import { parseConfiguration } from '../configuration.js';
import { softmax, softmaxKernel } from '../kernels/softmax.js';
import type { SoftmaxTables } from '../kernels/softmax.js';
import type { CastPart } from '../kernels/cast.js';
import { areQuantizersBypassed } from '../quantizer.js';
import type { Quantizer } from '../quantizer.js';
import { runKernel, tf } from '../tensorflow.js';
import { layerName } from './configuration.js';
import type { ExactValue } from './exact-cast.js';
import { FixedPointLayer, commonKeys } from './layer.js';
import type { ResolvedNode } from './layer.js';

/** Most exponentials of a table. */
const maximumExponentials = 2 ** 16;

const schema = z.strictObject({
  ...commonKeys,
  /** Bits of the exponentials. */
  exponentialWordLength: z.int().min(1).max(16).default(12),
  /** Bits of the reciprocals that shares are multiplied with; their table has half as many entries as there are such words. */
  reciprocalWordLength: z.int().min(1).max(16).default(10),
  output: z.unknown().optional(),
});
export type SoftmaxConfig = z.input<typeof schema>;

/** exp(x) over the sum of all exp(x) along the last axis, by two tables. */
export class Softmax extends FixedPointLayer {
  static readonly className = 'QfxSoftmax';
  private readonly exponentialType: FixedPointType;
  private readonly trainedTables: SoftmaxTables;
  private readonly reciprocals: IntegerTensor;

  constructor(config: SoftmaxConfig) {
    const parsed = parseConfiguration(schema, config, layerName(config.name, 'softmax'));
    const { name, trainable, output, exponentialWordLength, reciprocalWordLength } = parsed;
    super({ operation: 'softmax', name, trainable, output, outputSigned: false });
    this.exponentialType = fraction(exponentialWordLength);
    this.reciprocals = makeReciprocals(reciprocalWordLength);
    this.trainedTables = {
      exponential: compileExponential(this.exponentialType),
      reciprocals: this.reciprocals.raw as Float64Array,
      binaryPoint: reciprocalWordLength,
    };
  }

  protected override ownConfig(): Record<string, unknown> {
    return {
      exponentialWordLength: this.exponentialType.wordLength,
      reciprocalWordLength: this.trainedTables.binaryPoint,
    };
  }

  protected override exactIsSigned(): boolean {
    return false;
  }

  protected override constants(_inputShapes: readonly (readonly number[])[], operands: readonly OperandDescription[]) {
    const input = requireUniformInput({ name: this.name, inputs: operands });
    return { exponentials: this.makeExponentials(input), reciprocals: this.reciprocals };
  }

  protected override forward([x]: readonly tf.Tensor[]): tf.Tensor {
    return this.shares(x);
  }

  protected override forwardCast([x]: readonly tf.Tensor[], training: boolean, output: Quantizer): tf.Tensor {
    return this.shares(x, output.castPart({ training }));
  }

  /** Its tables are casts as well: where quantizers are switched off, they are. */
  private shares(x: tf.Tensor, cast?: CastPart): tf.Tensor {
    return areQuantizersBypassed() ? tf.softmax(x) : softmax(x, this.trainedTables, cast);
  }

  protected override exact([x]: readonly tf.Tensor[], { operands, constants }: ResolvedNode): ExactValue {
    const { raw } = constants.exponentials;
    const scale = 2 ** (operands[0].format as FixedPointFormat).binaryPoint;
    const exponential = (distance: number) => Number(raw[distance * scale] ?? 0);
    return { parts: runKernel(softmaxKernel.name, { x }, { ...this.trainedTables, exponential }) };
  }

  /** Exponentials of all distances between two values of a format, without the zeros that they end with. */
  private makeExponentials({ wordLength, binaryPoint }: FixedPointFormat): IntegerTensor {
    const { exponential } = this.trainedTables;
    const { signed, wordLength: bits, binaryPoint: point } = this.exponentialType;
    const raw: number[] = [];
    for (let distance = 0; distance < 2 ** wordLength; distance++) {
      const value = exponential(distance * 2 ** -binaryPoint);
      if (value === 0) break;
      raw.push(value);
      if (raw.length > maximumExponentials) {
        throw new QfxError(
          this.where,
          `its exponentials take more than ${maximumExponentials} words; give its input fewer bits behind the binary point`,
        );
      }
    }
    const format = { signed, wordLength: bits, binaryPoint: point };
    return { shape: [raw.length], format, raw: Float64Array.from(raw) };
  }
}

/** Numbers below 1, to the nearest; 1 itself becomes the largest of them. */
function fraction(wordLength: number): FixedPointType {
  return { signed: false, wordLength, binaryPoint: wordLength, rounding: 'AP_RND', overflow: 'AP_SAT' };
}

/** The raw integer of exp(-distance). */
function compileExponential(type: FixedPointType): (distance: number) => number {
  const cast = compileRealCast(type);
  return (distance) => cast(Math.exp(-distance));
}

/** 1 / (1 + f) in the middle between f = index / count and the next one. */
function makeReciprocals(wordLength: number): IntegerTensor {
  const type = fraction(wordLength);
  const cast = compileRealCast(type);
  const count = 2 ** (wordLength - 1);
  const raw = Float64Array.from({ length: count }, (_, index) => cast(1 / (1 + (index + 0.5) / count)));
  return { shape: [count], format: { signed: false, wordLength, binaryPoint: wordLength }, raw };
}
