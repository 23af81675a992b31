import type { OperationName } from '../../qfx/operations/operation.js';
import { tf } from '../tensorflow.js';
import { Add } from './add.js';
import { Argmax } from './argmax.js';
import type { ArgmaxConfig } from './argmax.js';
import { AveragePooling2d, GlobalAveragePooling2d } from './average-pooling.js';
import type { AveragePooling2dConfig, GlobalAveragePooling2dConfig } from './average-pooling.js';
import { BatchNormalization } from './batch-normalization.js';
import type { BatchNormalizationConfig } from './batch-normalization.js';
import { Concatenate } from './concatenate.js';
import type { ConcatenateConfig } from './concatenate.js';
import { NamedDefaults, mergeOptions, resolveDefaults } from './configuration.js';
import type { LayerDefaults, OutputOptions, QuantizerOptions } from './configuration.js';
import { Conv2d, DepthwiseConv2d } from './convolution.js';
import type { Conv2dConfig, DepthwiseConv2dConfig } from './convolution.js';
import { Conv2dTranspose } from './conv2d-transpose.js';
import type { Conv2dTransposeConfig } from './conv2d-transpose.js';
import { Dense } from './dense.js';
import type { DenseConfig } from './dense.js';
import type { ElementWiseConfig } from './element-wise.js';
import { Flatten } from './flatten.js';
import type { FlattenConfig } from './flatten.js';
import { Input } from './input.js';
import type { InputConfig } from './input.js';
import { GlobalMaxPooling2d, MaxPooling2d } from './max-pooling.js';
import type { GlobalMaxPooling2dConfig, MaxPooling2dConfig } from './max-pooling.js';
import { LeakyRelu } from './leaky-relu.js';
import type { LeakyReluConfig } from './leaky-relu.js';
import { Maximum } from './maximum.js';
import { Minimum } from './minimum.js';
import { Multiply } from './multiply.js';
import { Prelu } from './prelu.js';
import type { PreluConfig } from './prelu.js';
import { Relu } from './relu.js';
import type { ReluConfig } from './relu.js';
import { Requantize } from './requantize.js';
import type { RequantizeConfig } from './requantize.js';
import { Reshape } from './reshape.js';
import type { ReshapeConfig } from './reshape.js';
import { Subtract } from './subtract.js';
import { UpSampling2d } from './up-sampling.js';
import type { UpSampling2dConfig } from './up-sampling.js';
import { ZeroPadding2d } from './zero-padding.js';
import type { ZeroPadding2dConfig } from './zero-padding.js';
import { Sign } from './sign.js';
import type { SignConfig } from './sign.js';
import { Softmax } from './softmax.js';
import type { SoftmaxConfig } from './softmax.js';
import { Exp, Gelu, Sigmoid, Silu, TableFunction, Tanh } from './table.js';
import type { NamedFunctionConfig, TableFunctionConfig } from './table.js';

export type { LayerDefaults, OutputOptions, QuantizerOptions };

/** The layers of each operation. */
const layerClasses = {
  input: [Input],
  dense: [Dense],
  conv2d: [Conv2d, DepthwiseConv2d],
  add: [Add],
  'batch-normalization': [BatchNormalization],
  relu: [Relu],
  'max-pooling2d': [MaxPooling2d],
  'average-pooling2d': [AveragePooling2d],
  'global-average-pooling2d': [GlobalAveragePooling2d],
  'global-max-pooling2d': [GlobalMaxPooling2d],
  flatten: [Flatten],
  reshape: [Reshape],
  concatenate: [Concatenate],
  requantize: [Requantize],
  argmax: [Argmax],
  subtract: [Subtract],
  multiply: [Multiply],
  maximum: [Maximum],
  minimum: [Minimum],
  prelu: [Prelu],
  'leaky-relu': [LeakyRelu],
  'zero-padding2d': [ZeroPadding2d],
  'up-sampling2d': [UpSampling2d],
  table: [Sigmoid, Tanh, Exp, Gelu, Silu, TableFunction],
  softmax: [Softmax],
  sign: [Sign],
  'conv2d-transpose': [Conv2dTranspose],
} satisfies Record<OperationName, readonly LayerClass[]>;

type LayerClass = Parameters<typeof tf.serialization.registerClass>[0];

// So that the tensor library can load a saved model that has them.
for (const layer of Object.values<readonly LayerClass[]>(layerClasses).flat()) tf.serialization.registerClass(layer);

/** Quantizers of a layer's parameters and of its output, over the model-wide defaults. */
type Options<Config, Parameters extends string = never> = Omit<Config, Parameters | 'output'> & {
  readonly [Key in Parameters]?: QuantizerOptions;
} & { readonly output?: OutputOptions };

export type DenseOptions = Options<DenseConfig, 'weights' | 'bias'>;
export type Conv2dOptions = Options<Conv2dConfig, 'weights' | 'bias'>;
export type Conv2dTransposeOptions = Options<Conv2dTransposeConfig, 'weights' | 'bias'>;
export type DepthwiseConv2dOptions = Options<DepthwiseConv2dConfig, 'weights' | 'bias'>;
export type BatchNormalizationOptions = Options<BatchNormalizationConfig, 'scale' | 'offset'>;
export type ElementWiseOptions = Options<ElementWiseConfig>;
export type ReluOptions = Options<ReluConfig>;
export type PreluOptions = Options<PreluConfig, 'alpha'>;
export type LeakyReluOptions = Options<LeakyReluConfig>;
export type AveragePooling2dOptions = Options<AveragePooling2dConfig>;
export type GlobalAveragePooling2dOptions = Options<GlobalAveragePooling2dConfig>;
export type ConcatenateOptions = Options<ConcatenateConfig>;
export type RequantizeOptions = Options<RequantizeConfig>;
export type SoftmaxOptions = Options<SoftmaxConfig>;
export type NamedFunctionOptions = Options<NamedFunctionConfig>;
export type TableFunctionOptions = Options<TableFunctionConfig>;

/** How many layers of each kind have got a name so far; names are unique in the process, like the tensor library's own. */
const named = new Map<string, number>();

function withName<Config extends { readonly name?: string }>(kind: string, config: Config): Config & { name: string } {
  if (config.name !== undefined) return { ...config, name: config.name };
  const count = (named.get(kind) ?? 0) + 1;
  named.set(kind, count);
  return { ...config, name: `${kind}_${count}` };
}

interface Named {
  readonly name: string;
}

/** Of factories the patterns that no layer had a name for. */
const unmatched = new WeakMap<object, () => string[]>();

/** The patterns of `named` that no layer of these factories has matched so far: most likely misspelt. */
export function unmatchedPatterns(layers: Layers): string[] {
  return unmatched.get(layers)?.() ?? [];
}

/**
 * Factories of fixed-point layers that share defaults. The layers work in `tf.sequential` and `tf.model` like any other; the
 * first one is `input`. Options are plain objects; an unknown key is an error.
 * @throws QfxError for wrong defaults, and the factories for wrong options
 */
export function createLayers(defaults: LayerDefaults = {}) {
  const named = new NamedDefaults(resolveDefaults(defaults), defaults.named);
  let nextSeed = defaults.seed;

  const activation = <Given extends Named & { readonly output?: OutputOptions }>(options: Given) => ({
    ...options,
    output: mergeOptions(options.output, named.rolesOf(options.name).activations),
  });
  const accumulator = <Given extends Named & { readonly output?: OutputOptions }>(options: Given) => ({
    ...options,
    output: mergeOptions(options.output, named.rolesOf(options.name).accumulators),
  });
  const weighted = <Given extends Named & Omit<DenseOptions, 'units' | 'name'>>(options: Given) => ({
    ...accumulator(options),
    kernelInitializer:
      nextSeed === undefined ? options.kernelInitializer : { seed: nextSeed++, ...options.kernelInitializer },
    weights: mergeOptions(options.weights, named.rolesOf(options.name).weights),
    bias: mergeOptions(options.bias, named.rolesOf(options.name).bias),
  });
  const normalized = <Given extends Named & BatchNormalizationOptions>(options: Given) => ({
    ...accumulator(options),
    scale: mergeOptions(options.scale, named.rolesOf(options.name).scale),
    offset: mergeOptions(options.offset, named.rolesOf(options.name).offset),
  });
  const sloped = <Given extends Named & PreluOptions>(options: Given) => ({
    ...activation(options),
    alpha: mergeOptions(options.alpha, named.rolesOf(options.name).alpha),
  });

  const layers = {
    /** The exact type of the network's input; always the first layer. */
    input: (options: InputConfig) => new Input(withName('input', options)),
    /** Sums of products along the last axis: [..., features] to [..., units]. */
    dense: (options: DenseOptions) => new Dense(weighted(withName('dense', options))),
    /** Convolution of [height, width, channels]; `groups` cuts the channels. */
    conv2d: (options: Conv2dOptions) => new Conv2d(weighted(withName('conv2d', options))),
    /** Convolution of each channel by itself. */
    depthwiseConv2d: (options: DepthwiseConv2dOptions) =>
      new DepthwiseConv2d(weighted(withName('depthwise_conv2d', options))),
    /** Transposed convolution: an image of more pixels, by learned weights. */
    conv2dTranspose: (options: Conv2dTransposeOptions) =>
      new Conv2dTranspose(weighted(withName('conv2d_transpose', options))),
    /** a * x + b per channel, both quantized. */
    batchNormalization: (options: BatchNormalizationOptions = {}) =>
      new BatchNormalization(normalized(withName('batch_normalization', options))),
    /** Sum of two or more tensors of one shape (a shortcut). */
    add: (options: ElementWiseOptions = {}) => new Add(accumulator(withName('add', options))),
    /** The first tensor less the second one. */
    subtract: (options: ElementWiseOptions = {}) => new Subtract(accumulator(withName('subtract', options))),
    /** Product of two tensors of one shape (a gate). */
    multiply: (options: ElementWiseOptions = {}) => new Multiply(accumulator(withName('multiply', options))),
    /** The larger one of two values. */
    maximum: (options: ElementWiseOptions = {}) => new Maximum(activation(withName('maximum', options))),
    /** The smaller one of two values. */
    minimum: (options: ElementWiseOptions = {}) => new Minimum(activation(withName('minimum', options))),
    /** max(x, 0), clipped at `maximum` where there is one. */
    relu: (options: ReluOptions = {}) => new Relu(activation(withName('relu', options))),
    /** x, or alpha * x where x is negative, with a trained slope alpha for each channel. */
    prelu: (options: PreluOptions = {}) => new Prelu(sloped(withName('prelu', options))),
    /** x, or alpha * x where x is negative, with one constant slope alpha. */
    leakyRelu: (options: LeakyReluOptions = {}) => new LeakyRelu(activation(withName('leaky_relu', options))),
    /** Largest value under a window. */
    maxPooling2d: (options: MaxPooling2dConfig = {}) => new MaxPooling2d(withName('max_pooling2d', options)),
    /** Average of the taps on the image under a window. */
    averagePooling2d: (options: AveragePooling2dOptions = {}) =>
      new AveragePooling2d(activation(withName('average_pooling2d', options))),
    /** Largest value of each channel. */
    globalMaxPooling2d: (options: GlobalMaxPooling2dConfig = {}) =>
      new GlobalMaxPooling2d(withName('global_max_pooling2d', options)),
    /** Average of each channel. */
    globalAveragePooling2d: (options: GlobalAveragePooling2dOptions = {}) =>
      new GlobalAveragePooling2d(activation(withName('global_average_pooling2d', options))),
    /** Rows and columns of zeros around an image. */
    zeroPadding2d: (options: ZeroPadding2dConfig = {}) => new ZeroPadding2d(withName('zero_padding2d', options)),
    /** Every pixel as a rectangle of equal ones. */
    upSampling2d: (options: UpSampling2dConfig = {}) => new UpSampling2d(withName('up_sampling2d', options)),
    /** [height, width, channels] to [values], row-major. */
    flatten: (options: FlattenConfig = {}) => new Flatten(withName('flatten', options)),
    /** The same values in another shape. */
    reshape: (options: ReshapeConfig) => new Reshape(withName('reshape', options)),
    /** Tensors one after the other, by default along the channels. */
    concatenate: (options: ConcatenateOptions = {}) => new Concatenate(activation(withName('concatenate', options))),
    /** The identity with a cast. */
    requantize: (options: RequantizeOptions = {}) => new Requantize(activation(withName('requantize', options))),
    /** Index of the largest value along the last axis; has no gradient. */
    argmax: (options: ArgmaxConfig = {}) => new Argmax(withName('argmax', options)),
    /** 1 / (1 + exp(-x)), a table. */
    sigmoid: (options: NamedFunctionOptions = {}) => new Sigmoid(activation(withName('sigmoid', options))),
    /** The hyperbolic tangent, a table. */
    tanh: (options: NamedFunctionOptions = {}) => new Tanh(activation(withName('tanh', options))),
    /** exp(x), a table. */
    exp: (options: NamedFunctionOptions = {}) => new Exp(activation(withName('exp', options))),
    /** x times the normal distribution's probability of less than x, a table. */
    gelu: (options: NamedFunctionOptions = {}) => new Gelu(activation(withName('gelu', options))),
    /** x / (1 + exp(-x)), a table. */
    silu: (options: NamedFunctionOptions = {}) => new Silu(activation(withName('silu', options))),
    /** 1 where x >= 0, else -1: binary activations. */
    sign: (options: SignConfig = {}) => new Sign(withName('sign', options)),
    /** exp(x) over the sum of all exp(x) along the last axis, by two tables. */
    softmax: (options: SoftmaxOptions = {}) => new Softmax(activation(withName('softmax', options))),
    /** Any function of one number, a table. */
    tableFunction: (options: TableFunctionOptions) =>
      new TableFunction(activation(withName('table_function', options))),
  };
  unmatched.set(layers, () => named.unmatched);
  return layers;
}

/** What `createLayers` returns. */
export type Layers = ReturnType<typeof createLayers>;
