import { z } from 'zod';
import { QfxError } from '../../qfx/errors.js';
import { castBigInt, isInRange } from '../../qfx/number/cast.js';
import type { IntegerTensor } from '../../qfx/number/raw-array.js';
import { decomposeReal, toReal } from '../../qfx/number/real.js';
import { describeFormat, describeType, rawRange } from '../../qfx/number/type.js';
import type { FixedPointFormat, FixedPointType } from '../../qfx/number/type.js';
import type { OperandDescription } from '../../qfx/operations/operation.js';
import { maximumTableWordLength, requireTableInput, wordOf } from '../../qfx/operations/table.js';
import { parseConfiguration } from '../configuration.js';
import { applyFunction, tableKernel } from '../kernels/scalar-function.js';
import type { Quantizer } from '../quantizer.js';
import { checked, fromSamples, sampleFunction, scalarFunctions, withSlope } from '../scalar-function.js';
import type { Samples, ScalarFunction, ScalarFunctionName } from '../scalar-function.js';
import { runKernel } from '../tensorflow.js';
import type { tf } from '../tensorflow.js';
import { layerName } from './configuration.js';
import type { ExactValue } from './exact-cast.js';
import { FixedPointLayer, commonKeys } from './layer.js';
import type { LayerSetup, ResolvedNode } from './layer.js';
import { realsOf } from './reals.js';
import { connectionOf, describeOperands, isFixedPoint, isMover } from './sources.js';

/**
 * A function of one value as a table over the type of its input. Training computes the function in doubles and casts it, which
 * is what the table holds; the gradient is the function's own.
 */
abstract class TableLayer extends FixedPointLayer {
  private readonly function: ScalarFunction;

  constructor(setup: Omit<LayerSetup, 'operation'>, own: ScalarFunction, where: string) {
    if (setup.output === 'exact') {
      throw new QfxError(`${where}: output`, 'found "exact", needed: a type, in which its table is written');
    }
    super({ ...setup, output: setup.output, operation: 'table' });
    this.function = checked(own, this.where);
  }

  protected override constants(_inputShapes: readonly (readonly number[])[], operands: readonly OperandDescription[]) {
    return { table: this.makeTable(requireTableInput({ name: this.name, inputs: operands })) };
  }

  protected override forward([x]: readonly tf.Tensor[]): tf.Tensor {
    return applyFunction(x, this.function);
  }

  protected override forwardCast([x]: readonly tf.Tensor[], training: boolean, output: Quantizer): tf.Tensor {
    return applyFunction(x, this.function, output.castPart({ training }));
  }

  protected override infer(inputs: readonly tf.Tensor[]): tf.Tensor {
    const output = this.quantizers.get('output');
    if (output !== undefined) super.placeOutput(output, () => this.forward(inputs));
    return super.infer(inputs);
  }

  /** There is no table before there is a type that it is written in: it has been placed by then. */
  protected override placeOutput(): void {}

  protected override exact([x]: readonly tf.Tensor[], { operands, constants }: ResolvedNode): ExactValue {
    const format = operands[0].format as FixedPointFormat;
    const first = Number(rawRange(format).minimum);
    const byWord = realsOf(constants.table);
    const table = byWord.map((_, index) => byWord[wordOf(index + first, format.wordLength)]);
    const attributes = { table, first, binaryPoint: format.binaryPoint };
    return { parts: [runKernel(tableKernel.name, { x }, attributes)[0]] };
  }

  private makeTable(input: FixedPointFormat): IntegerTensor {
    const type = this.declaredType() as FixedPointType;
    const { signed, wordLength, binaryPoint } = type;
    const first = Number(rawRange(input).minimum);
    const raw = new Float64Array(2 ** input.wordLength);
    for (let index = first; index < first + raw.length; index++) {
      const value = this.function.value(toReal(index, input));
      const exact = decomposeReal(value);
      if (type.overflow === 'AP_WRAP' && !isInRange(exact.raw, exact.binaryPoint, type)) {
        throw new QfxError(
          this.where,
          `its function gives ${value}, which its output ${describeType(type)} wraps; use AP_SAT or a wider type`,
        );
      }
      raw[wordOf(index, input.wordLength)] = Number(castBigInt(exact.raw, exact.binaryPoint, type));
    }
    return { shape: [raw.length], format: { signed, wordLength, binaryPoint }, raw };
  }
}

const namedSchema = z.strictObject({ ...commonKeys, output: z.unknown().optional() });
export type NamedFunctionConfig = z.input<typeof namedSchema>;

abstract class NamedFunction extends TableLayer {
  constructor(config: NamedFunctionConfig, name: ScalarFunctionName, outputSigned: boolean) {
    const where = layerName(config.name, name);
    super({ ...parseConfiguration(namedSchema, config, where), outputSigned }, scalarFunctions[name], where);
  }
}

/** 1 / (1 + exp(-x)). */
export class Sigmoid extends NamedFunction {
  static readonly className = 'QfxSigmoid';

  constructor(config: NamedFunctionConfig) {
    super(config, 'sigmoid', false);
  }
}

/** The hyperbolic tangent. */
export class Tanh extends NamedFunction {
  static readonly className = 'QfxTanh';

  constructor(config: NamedFunctionConfig) {
    super(config, 'tanh', true);
  }
}

/** exp(x). */
export class Exp extends NamedFunction {
  static readonly className = 'QfxExp';

  constructor(config: NamedFunctionConfig) {
    super(config, 'exp', false);
  }
}

/** x times the probability that a normally distributed number is below x. */
export class Gelu extends NamedFunction {
  static readonly className = 'QfxGelu';

  constructor(config: NamedFunctionConfig) {
    super(config, 'gelu', true);
  }
}

/** x / (1 + exp(-x)). */
export class Silu extends NamedFunction {
  static readonly className = 'QfxSilu';

  constructor(config: NamedFunctionConfig) {
    super(config, 'silu', true);
  }
}

const samplesSchema = z.strictObject({
  signed: z.boolean(),
  wordLength: z.int().min(0).max(maximumTableWordLength),
  binaryPoint: z.int(),
  values: z.array(z.number()),
});
const functionSchema = z.strictObject({
  ...commonKeys,
  /** A function in the program, or, in a saved model, its values over the type of its input. */
  function: z.union([
    z.custom<(x: number) => number>((value) => typeof value === 'function', 'needed: a function of one number'),
    samplesSchema,
  ]),
  output: z.unknown().optional(),
});
export type TableFunctionConfig = z.input<typeof functionSchema>;

/** Any function of one value. */
export class TableFunction extends TableLayer {
  static readonly className = 'QfxTableFunction';
  private readonly given: ((x: number) => number) | Samples;

  constructor(config: TableFunctionConfig) {
    const where = layerName(config.name, 'tableFunction');
    const { function: given, ...setup } = parseConfiguration(functionSchema, config, where);
    super(setup, typeof given === 'function' ? withSlope(given) : fromSamples(given), where);
    this.given = given;
  }

  override get holdsCode(): boolean {
    return typeof this.given === 'function';
  }

  protected override constants(inputShapes: readonly (readonly number[])[], operands: readonly OperandDescription[]) {
    const { given } = this;
    const { signed, wordLength, binaryPoint } = operands[0].format as FixedPointFormat;
    const isSampled = typeof given !== 'function';
    if (
      isSampled &&
      [given.signed !== signed, given.wordLength !== wordLength, given.binaryPoint !== binaryPoint].some(Boolean)
    ) {
      throw new QfxError(
        this.where,
        `its function came from a file, as values over ${describeFormat(given)}; its input is ${describeFormat({ signed, wordLength, binaryPoint })}`,
      );
    }
    return super.constants(inputShapes, operands);
  }

  protected override trainedOwnConfig(): Record<string, unknown> {
    return typeof this.given === 'function' ? { function: 'code' } : this.ownConfig();
  }

  /** @throws QfxError where the type of its input is not final, so that its values over it can't be saved */
  protected override ownConfig(): Record<string, unknown> {
    return { function: typeof this.given === 'function' ? this.sample(this.given) : this.given };
  }

  /** The function as a file can carry it. */
  private sample(given: (x: number) => number): Samples {
    try {
      for (const source of connectionOf(this).inboundLayers) requireFinalType(source);
      const inputs = describeOperands(this, new Map());
      return sampleFunction(given, requireTableInput({ name: this.name, inputs }));
    } catch (error) {
      if (!(error instanceof QfxError)) throw error;
      throw new QfxError(
        this.where,
        `its function is saved as values over the type of its input, which is not known for good: ${error.message}`,
      );
    }
  }
}

/** Throws where the type of a layer's values still changes in training. */
function requireFinalType(layer: tf.layers.Layer): void {
  if (!isFixedPoint(layer) && !isMover(layer)) return;
  const quantizers = isFixedPoint(layer) ? layer.quantizers : new Map<string, Quantizer>();
  const output = quantizers.get('output');
  for (const quantizer of output === undefined ? quantizers.values() : [output]) {
    if (!quantizer.isFrozen) {
      throw new QfxError(`layer "${layer.name}"`, 'its binary points still learn; freeze them first');
    }
  }
  if (output === undefined) for (const source of connectionOf(layer).inboundLayers) requireFinalType(source);
}
