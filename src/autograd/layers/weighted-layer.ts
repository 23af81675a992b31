import { z } from 'zod';
import { QfxError } from '../../qfx/errors.js';
import type { IntegerTensor } from '../../qfx/number/raw-array.js';
import type { FixedPointFormat } from '../../qfx/number/type.js';
import { addBias } from '../kernels/channels.js';
import type { Quantizer } from '../quantizer.js';
import type { ResolvedQuantizerConfig } from '../quantizer-config.js';
import { tf } from '../tensorflow.js';
import { resolveQuantizers } from './configuration.js';
import type { ExactValue } from './exact-cast.js';
import { initializerSchema, makeInitializer } from './initializer.js';
import type { InitializerConfig } from './initializer.js';
import { FixedPointLayer } from './layer.js';
import type { LayerSetup, LearnedFactor, ResolvedNode } from './layer.js';
import { planLimbs, splitConstant, splitTensor } from './limbs.js';
import type { LimbPlan } from './limbs.js';
import { realsOf } from './reals.js';

/** Configuration keys of dense and convolution layers. */
export const weightedKeys = {
  useBias: z.boolean().default(true),
  kernelInitializer: initializerSchema.prefault({}),
  weights: z.unknown().optional(),
  bias: z.unknown().optional(),
  output: z.unknown().optional(),
};

/** What dense and convolution layers have in common. */
export type WeightedSetup = LayerSetup & z.output<z.ZodObject<typeof weightedKeys>>;

interface Parameter {
  readonly variable: tf.LayerVariable;
  readonly quantizer: Quantizer;
}

/** A layer of sums of products: quantized weights, a quantized bias, and an output. */
export abstract class WeightedLayer extends FixedPointLayer {
  private kernel: Parameter | undefined;
  private bias: Parameter | undefined;
  private readonly plans = new WeakMap<IntegerTensor, LimbPlan>();
  private readonly kernelInitializer: InitializerConfig;
  private readonly useBias: boolean;
  private readonly quantizerConfigs: Record<'weights' | 'bias', ResolvedQuantizerConfig>;

  constructor(setup: WeightedSetup, where: string) {
    super({ ...setup, output: setup.output, outputSigned: true });
    this.kernelInitializer = setup.kernelInitializer;
    this.useBias = setup.useBias;
    this.quantizerConfigs = resolveQuantizers({ weights: setup.weights, bias: setup.bias }, where);
  }

  /** The weights as they are trained; the last axis counts the outputs. */
  get kernelValues(): tf.Tensor {
    return this.builtKernel.variable.read();
  }

  override get factor(): LearnedFactor {
    return this.factorOf(this.builtKernel);
  }

  /** Multiplies the weights and the bias of each output by a factor. */
  scaleOutputs(factors: tf.Tensor1D): void {
    for (const { variable } of this.bias === undefined ? [this.builtKernel] : [this.builtKernel, this.bias])
      tf.tidy(() => void variable.write(variable.read().mul(factors)));
  }

  /** Shape of the weights as the graph has them; the last axis counts the outputs. */
  protected abstract kernelShape(inputShape: readonly (number | null)[]): number[];
  /** The sums of products, without bias; exact where float32 is. */
  protected abstract multiply(x: tf.Tensor, weights: tf.Tensor): tf.Tensor;

  protected override buildWeights([inputShape]: readonly (readonly (number | null)[])[]): void {
    const { weights, bias } = this.quantizerConfigs;
    const shape = this.kernelShape(inputShape);
    const kernel = this.addWeight('kernel', shape, 'float32', makeInitializer(this.kernelInitializer));
    this.kernel = { variable: kernel, quantizer: this.addQuantizer('weights', weights, shape) };
    if (!this.useBias) return;
    const biasShape = shape.slice(-1);
    const variable = this.addWeight('bias', biasShape, 'float32', tf.initializers.zeros());
    this.bias = { variable, quantizer: this.addQuantizer('bias', bias, biasShape) };
  }

  protected override ownConfig(): Record<string, unknown> {
    const { useBias, kernelInitializer } = this;
    return { useBias, kernelInitializer, ...this.quantizerConfigs };
  }

  protected override exactIsSigned(): boolean {
    return true;
  }

  protected override constants(): Record<string, IntegerTensor> {
    const integers = ({ variable, quantizer }: Parameter) => this.integersOf(quantizer, variable.read());
    const weights = integers(this.builtKernel);
    return this.bias === undefined ? { weights } : { weights, bias: integers(this.bias) };
  }

  protected override forward([x]: readonly tf.Tensor[], training: boolean): tf.Tensor {
    const sums = this.multiply(x, quantized(this.builtKernel, training));
    return this.bias === undefined ? sums : addQuantized(sums, this.bias, training);
  }

  protected override forwardCast([x]: readonly tf.Tensor[], training: boolean, output: Quantizer): tf.Tensor {
    if (this.bias === undefined) return super.forwardCast([x], training, output);
    const sums = this.multiply(x, quantized(this.builtKernel, training));
    return addQuantized(sums, this.bias, training, output);
  }

  protected override exact([x]: readonly tf.Tensor[], { operands, constants }: ResolvedNode): ExactValue {
    const format = operands[0].format as FixedPointFormat;
    let plan = this.plans.get(constants.weights);
    if (plan === undefined) {
      plan = planLimbs(format, constants.weights, this.where);
      this.plans.set(constants.weights, plan);
    }
    const inputs = splitTensor(x, format, plan.input);
    const weights = splitConstant(constants.weights, plan.weights);
    const parts = inputs.flatMap((input) => weights.map((weight) => this.multiply(input, weight)));
    return { parts, offset: constants.bias && realsOf(constants.bias) };
  }

  private get builtKernel(): Parameter {
    if (this.kernel === undefined) throw new QfxError(this.where, 'has no weights yet: connect it to an input first');
    return this.kernel;
  }
}

function quantized({ variable, quantizer }: Parameter, training: boolean): tf.Tensor {
  return quantizer.apply(variable.read(), { training });
}

/** The sums with a bias, and the cast of an output, whose binary point is known. */
function addQuantized(
  sums: tf.Tensor,
  { variable, quantizer }: Parameter,
  training: boolean,
  output?: Quantizer,
): tf.Tensor {
  const bias = variable.read();
  const casts = { bias: quantizer.castPart({ training }, () => bias), output: output?.castPart({ training }) };
  return addBias(sums, bias, casts);
}
