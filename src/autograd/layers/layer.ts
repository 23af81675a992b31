import { z } from 'zod';
import { QfxError } from '../../qfx/errors.js';
import type { JsonObject } from '../../qfx/graph/graph.js';
import type { IntegerTensor } from '../../qfx/number/raw-array.js';
import { elementCount } from '../../qfx/number/shape.js';
import { describeFormat, isUniform } from '../../qfx/number/type.js';
import type { FixedPointFormat, FixedPointType } from '../../qfx/number/type.js';
import { findOperation } from '../../qfx/operations/index.js';
import type { NodeTyping, OperandDescription } from '../../qfx/operations/operation.js';
import { Quantizer, areQuantizersBypassed } from '../quantizer.js';
import { maximumTrainedBinaryPoint, maximumTrainedWordLength } from '../quantizer-config.js';
import { peek, tf } from '../tensorflow.js';
import { layerName, resolveOutput, restoreConfig } from './configuration.js';
import type { ResolvedOutput } from './configuration.js';
import { castExactly, maximumExactBits, nearestFloat } from './exact-cast.js';
import type { ExactValue } from './exact-cast.js';
import { readIntegers } from './parameters.js';
import { connectionOf, describeOperands, distinctInputs, sourcesAreSigned } from './sources.js';
import type { FormatMemo } from './sources.js';
import { currentVisit } from './visiting.js';

/** Configuration keys that every layer has. */
export const commonKeys = {
  name: z.string().min(1).optional(),
  trainable: z.boolean().optional(),
};

/** What the constructor of a layer hands to its base. */
export interface LayerSetup {
  /** The operation of its node: one of QFX's own, or one that was registered. */
  readonly operation: string;
  readonly name?: string;
  readonly trainable?: boolean;
  readonly batchInputShape?: (number | null)[];
  /** The output's quantizer as configured; absent for layers whose values keep the type of their input. */
  readonly output?: unknown;
  /** Whether the output is signed where the configuration doesn't say; default: as the exact result may be. */
  readonly outputSigned?: boolean;
}

/** Everything about a layer that is constant while its weights don't change: its node of the graph. */
export interface ResolvedNode {
  readonly operands: readonly OperandDescription[];
  readonly attributes: JsonObject;
  readonly constants: Readonly<Record<string, IntegerTensor>>;
  readonly typing: NodeTyping;
}

/** How a layer hands itself to the graph. */
interface NodeDescription extends ResolvedNode {
  readonly operation: string;
  readonly outputType: FixedPointType | 'exact';
}

/** Learned constants that a layer multiplies its values by. */
export interface LearnedFactor {
  readonly quantizer: Quantizer;
  /** Its last axis counts the layer's channels. */
  readonly shape: readonly number[];
  /** At how many places of an image each of its numbers is used. */
  readonly places: number;
  /** The real numbers that are cast, as they are now; good until the next tensor is made. */
  values(): Float32Array;
}

/**
 * A layer of a fixed-point network. With `training: true` it computes in float32 with differentiable casts; without, it
 * computes exactly the integers of its node in the graph, or refuses by name. A quantizer that has no binary point yet finds
 * it on the first batch that comes by, in training or inference.
 */
export abstract class FixedPointLayer extends tf.layers.Layer {
  readonly operation: string;
  /** How messages name it. */
  readonly where: string;
  private readonly setup: LayerSetup;
  private readonly parameterQuantizers = new Map<string, Quantizer>();
  private outputQuantizer: Quantizer | undefined;
  private sources: readonly tf.layers.Layer[] = [];
  /** Parameters with values that overflow a type that wraps. */
  private readonly wrappingRoles = new Set<string>();
  private cached: { readonly key: readonly unknown[]; readonly node: ResolvedNode } | undefined;

  constructor(setup: LayerSetup) {
    super({ name: setup.name, trainable: setup.trainable, batchInputShape: setup.batchInputShape });
    this.setup = setup;
    this.operation = setup.operation;
    this.where = layerName(this.name, setup.operation);
    // Wrong options are refused here; whether the output is signed may only be known when the layer is connected.
    if ('output' in setup) this.resolveOutputConfig(true);
  }

  static override fromConfig<T extends tf.serialization.Serializable>(
    cls: tf.serialization.SerializableConstructor<T>,
    config: tf.serialization.ConfigDict,
  ): T {
    return new cls(restoreConfig(config) as tf.serialization.ConfigDict);
  }

  /** The differentiable result before the output's cast. */
  protected abstract forward(inputs: readonly tf.Tensor[], training: boolean): tf.Tensor;
  /**
   * The same with the output's cast, whose binary point is known; a layer that can do both in one pass over the data
   * overrides it.
   */
  protected forwardCast(inputs: readonly tf.Tensor[], training: boolean, output: Quantizer): tf.Tensor {
    return output.apply(this.forward(inputs, training), { training });
  }

  /** The exact result before the output's cast. */
  protected abstract exact(inputs: readonly tf.Tensor[], node: ResolvedNode): ExactValue;

  /** The layer's own configuration, complete, for `getConfig`. */
  protected ownConfig(): Record<string, unknown> {
    return {};
  }

  /** The same without what training may change. */
  protected trainedOwnConfig(): Record<string, unknown> {
    return this.ownConfig();
  }

  /** The attributes of its node. */
  protected attributes(_inputShapes: readonly (readonly number[])[]): JsonObject {
    return {};
  }

  /** Raw integers of the layer's constants, by role. */
  protected constants(
    _inputShapes: readonly (readonly number[])[],
    _operands: readonly OperandDescription[],
  ): Record<string, IntegerTensor> {
    return {};
  }

  /** Makes the layer's weights. */
  protected buildWeights(_inputShapes: readonly (readonly (number | null)[])[]): void {}

  /** Whether the exact result may be negative. */
  protected exactIsSigned(): boolean {
    return sourcesAreSigned(this.sources);
  }

  /** Of each input whether it may be negative. */
  protected inputsAreSigned(): boolean[] {
    return this.sources.map((source) => sourcesAreSigned([source]));
  }

  override getConfig(): tf.serialization.ConfigDict {
    return this.completeConfig(this.ownConfig());
  }

  /** The configuration without what training itself may change in it: two layers of which it is equal train alike. */
  get trainedConfig(): tf.serialization.ConfigDict {
    return this.completeConfig(this.trainedOwnConfig());
  }

  private completeConfig(own: Record<string, unknown>): tf.serialization.ConfigDict {
    const output = this.outputConfig === undefined ? {} : { output: this.outputConfig };
    return { ...super.getConfig(), ...own, ...output } as tf.serialization.ConfigDict;
  }

  override apply(
    inputs: tf.Tensor | tf.Tensor[] | tf.SymbolicTensor | tf.SymbolicTensor[],
    kwargs?: { training?: boolean },
  ): tf.Tensor | tf.Tensor[] | tf.SymbolicTensor | tf.SymbolicTensor[] {
    const list = distinctInputs<tf.Tensor | tf.SymbolicTensor>(Array.isArray(inputs) ? inputs : [inputs], this.name);
    if (!this.built)
      this.sources = list.flatMap((input) => (input instanceof tf.SymbolicTensor ? [input.sourceLayer] : []));
    return super.apply((Array.isArray(inputs) ? list : list[0]) as typeof inputs, kwargs);
  }

  override build(inputShape: (number | null)[] | (number | null)[][]): void {
    const shapes = listShapes(inputShape);
    this.buildWeights(shapes);
    const config = this.outputConfig;
    if (config !== undefined && config !== 'exact') {
      this.outputQuantizer = new Quantizer(config, 'output', `${this.where}: output`);
      this.outputQuantizer.createVariables(this.addQuantizerWeight, []);
    }
    super.build(inputShape);
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: { training?: boolean }): tf.Tensor {
    const list = Array.isArray(inputs) ? inputs : [inputs];
    return tf.tidy(() => {
      const training = kwargs.training === true;
      if (!training && !areQuantizersBypassed()) return this.infer(list);
      const { outputQuantizer } = this;
      if (outputQuantizer === undefined) return this.forward(list, training);
      // The first batch is for finding the binary point, which takes the result itself, as a learned word length does.
      if (!outputQuantizer.isInitialized || outputQuantizer.learnsWordLength)
        return outputQuantizer.apply(this.forward(list, training), { training });
      return this.forwardCast(list, training, outputQuantizer);
    });
  }

  /** Whether it holds code that its configuration does not carry to another thread. */
  get holdsCode(): boolean {
    return false;
  }

  /** Its quantizers by role: those of its parameters, and `output`. */
  get quantizers(): ReadonlyMap<string, Quantizer> {
    const all = new Map(this.parameterQuantizers);
    if (this.outputQuantizer !== undefined) all.set('output', this.outputQuantizer);
    return all;
  }

  /** What it multiplies by; undefined where that is nothing learned. */
  get factor(): LearnedFactor | undefined {
    return undefined;
  }

  /** A variable that it multiplies by. */
  protected factorOf({
    variable,
    quantizer,
  }: Pick<LearnedFactor, 'quantizer'> & { variable: tf.LayerVariable }): LearnedFactor {
    const { positions: places } = this;
    return { quantizer, places, shape: variable.shape as number[], values: () => peek(variable.read()) };
  }

  /** Positions of its output, each with all channels. */
  protected get positions(): number {
    return elementCount((this.outputShape as (number | null)[]).slice(1, -1).map(Number));
  }

  /** Whether its values may be negative; known without any values. */
  get outputIsSigned(): boolean {
    const config = this.outputConfig;
    return config === undefined || config === 'exact' ? this.exactIsSigned() : config.signed;
  }

  /**
   * The format of its values.
   * @throws QfxError when that needs more bits than float32 carries, or when a binary point is not known yet
   */
  outputFormat(memo: FormatMemo): FixedPointFormat {
    const declared = this.declaredType();
    return declared === 'exact' ? this.exactFormat(this.resolve(memo)) : declared;
  }

  /**
   * Its node of the graph, with the weights as they are now.
   * @throws QfxError for what cannot become a node
   */
  describeNode(): NodeDescription {
    const node = this.resolve(new Map());
    const [wrapping] = this.wrappingRoles;
    if (wrapping !== undefined) {
      throw new QfxError(
        `${this.where}: ${wrapping}`,
        'a value wraps, training saturates it; use AP_SAT or a wider type',
      );
    }
    return { ...node, operation: this.operation, outputType: this.declaredType() };
  }

  /** Makes a quantizer of one of the layer's parameters, and its weights; for `buildWeights`. */
  protected addQuantizer(role: string, config: Quantizer['config'], shape: readonly number[]): Quantizer {
    const quantizer = new Quantizer(config, role, `${this.where}: ${role}`);
    quantizer.createVariables(this.addQuantizerWeight, shape);
    this.parameterQuantizers.set(role, quantizer);
    return quantizer;
  }

  /** The raw integers of a parameter; finds its binary point first if nobody has yet. */
  protected integersOf(quantizer: Quantizer, values: tf.Tensor): IntegerTensor {
    const { integers, wraps } = readIntegers(quantizer, values, `${this.where}: ${quantizer.name}`);
    if (wraps) this.wrappingRoles.add(quantizer.name);
    else this.wrappingRoles.delete(quantizer.name);
    return integers;
  }

  private get outputConfig(): ResolvedOutput | undefined {
    if (!('output' in this.setup)) return undefined;
    return this.resolveOutputConfig(this.setup.outputSigned ?? this.exactIsSigned());
  }

  private resolveOutputConfig(signed: boolean): ResolvedOutput {
    return resolveOutput(this.setup.output, this.where, signed);
  }

  private readonly addQuantizerWeight = (name: string, shape: number[], value: number, trainable: boolean) =>
    this.addWeight(name, shape, 'float32', tf.initializers.constant({ value }), undefined, trainable);

  /** The type of its values, where that is known without the exact result. */
  protected declaredType(): FixedPointType | 'exact' {
    if (this.outputQuantizer === undefined) return 'exact';
    const type = this.outputQuantizer.type();
    if (!isUniform(type)) throw new QfxError(this.where, 'its output has more than one binary point');
    this.checkBinaryPoint(type as FixedPointType, 'its output');
    return type as FixedPointType;
  }

  private resolve(memo: FormatMemo): ResolvedNode {
    const operands = describeOperands(this, memo);
    // Tensors are immutable: a weight that changes gets another data id.
    const key = [...this.weights.map((weight) => weight.read().dataId), JSON.stringify(operands)];
    const { cached } = this;
    const isVisited = currentVisit() !== undefined;
    if (!isVisited && cached?.key.length === key.length && key.every((part, index) => part === cached.key[index])) {
      return cached.node;
    }
    for (const operand of operands)
      this.checkBinaryPoint(operand.format as FixedPointFormat, `input "${operand.name}"`);
    const { inputShapes } = connectionOf(this);
    const attributes = this.attributes(inputShapes);
    const constants = this.readConstants(inputShapes, operands);
    const operation = findOperation(this.operation);
    // Only an input's values follow from its declared type, and that one is always known.
    const outputType = this.operation === 'input' ? this.declaredType() : 'exact';
    const typing = operation.infer({ name: this.name, inputs: operands, attributes, constants, outputType });
    const node = { operands, attributes, constants, typing };
    this.cached = { key, node };
    return node;
  }

  private readConstants(
    inputShapes: readonly (readonly number[])[],
    operands: readonly OperandDescription[],
  ): Record<string, IntegerTensor> {
    let constants: Record<string, IntegerTensor> = {};
    tf.tidy(() => {
      constants = this.constants(inputShapes, operands);
    });
    return constants;
  }

  /** The exact result with the output's cast. */
  protected infer(inputs: readonly tf.Tensor[]): tf.Tensor {
    const node = this.resolve(new Map());
    const { exactType } = node.typing;
    if (exactType.wordLength > maximumExactBits) {
      throw new QfxError(
        this.where,
        `its exact result needs ${exactType.wordLength} bits; training carries at most ${maximumExactBits}`,
      );
    }
    const value = this.exact(inputs, node);
    const { outputQuantizer } = this;
    if (outputQuantizer === undefined) {
      this.exactFormat(node);
      return nearestFloat(value);
    }
    this.placeOutput(outputQuantizer, () => nearestFloat(value));
    return castExactly(value, exactType, this.declaredType() as FixedPointType);
  }

  /** Decides about the output's binary point where that is asked for, by the values that are cast. */
  protected placeOutput(output: Quantizer, values: () => tf.Tensor): void {
    if (!output.isInitialized) output.initialize(values());
    const visit = currentVisit();
    if (visit !== undefined) visit(output, values());
  }

  private exactFormat({ typing: { exactType } }: ResolvedNode): FixedPointFormat {
    if (exactType.wordLength > maximumTrainedWordLength) {
      throw new QfxError(
        this.where,
        `output "exact" is ${describeFormat(exactType)}, float32 tensors carry ${maximumTrainedWordLength} bits; ` +
          'give the output a word length, or narrow its inputs',
      );
    }
    this.checkBinaryPoint(exactType, 'its exact output');
    return exactType;
  }

  private checkBinaryPoint(format: FixedPointFormat, what: string): void {
    if (Math.abs(format.binaryPoint) <= maximumTrainedBinaryPoint) return;
    throw new QfxError(
      this.where,
      `${what} has binary point ${format.binaryPoint}, float32 tensors allow +-${maximumTrainedBinaryPoint}`,
    );
  }
}

function listShapes(shape: (number | null)[] | (number | null)[][]): (number | null)[][] {
  return Array.isArray(shape[0]) ? (shape as (number | null)[][]) : [shape as (number | null)[]];
}
