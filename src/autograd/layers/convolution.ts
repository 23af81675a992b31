import { z } from 'zod';
import { QfxError } from '../../qfx/errors.js';
import type { JsonObject } from '../../qfx/graph/graph.js';
import { parseConfiguration } from '../configuration.js';
import { tf } from '../tensorflow.js';
import { layerName } from './configuration.js';
import { commonKeys } from './layer.js';
import { WeightedLayer, weightedKeys } from './weighted-layer.js';
import type { WeightedSetup } from './weighted-layer.js';
import { explicitPadding, paddingSchema, pairSchema, placeWindow, requireImage } from './window.js';
import type { Pair, WindowConfig } from './window.js';

const convolutionKeys = {
  ...commonKeys,
  ...weightedKeys,
  kernelSize: pairSchema,
  strides: pairSchema.prefault(1),
  dilations: pairSchema.prefault(1),
  padding: paddingSchema.default('valid'),
};

const conv2dSchema = z.strictObject({
  ...convolutionKeys,
  /** Number of output channels. */
  filters: z.int().min(1),
  /** Input and output channels are cut into so many groups that do not see each other. */
  groups: z.int().min(1).default(1),
});
export type Conv2dConfig = z.input<typeof conv2dSchema>;

const depthwiseSchema = z.strictObject({
  ...convolutionKeys,
  /** Output channels for each input channel. */
  depthMultiplier: z.int().min(1).default(1),
});
export type DepthwiseConv2dConfig = z.input<typeof depthwiseSchema>;

type ConvolutionSetup = WeightedSetup & Omit<WindowConfig, 'kernel'> & { readonly kernelSize: Pair };

/** Convolutions over [batch, height, width, channels]. Both kinds are one operation of the graph, conv2d. */
abstract class Convolution extends WeightedLayer {
  private readonly window: WindowConfig;

  constructor(setup: Omit<ConvolutionSetup, 'operation'>, where: string) {
    super({ ...setup, operation: 'conv2d' }, where);
    const { kernelSize: kernel, strides, dilations, padding } = setup;
    this.window = { kernel, strides, dilations, padding };
    if (Math.max(...strides) > 1 && Math.max(...dilations) > 1) {
      throw new QfxError(
        where,
        `strides [${strides.join(', ')}] with dilations [${dilations.join(', ')}], one of them must be 1`,
      );
    }
  }

  /** How the channels of an input become those of the output. */
  protected abstract channels(inputChannels: number): { readonly groups: number; readonly outputs: number };
  protected abstract convolve(x: tf.Tensor4D, weights: tf.Tensor4D, geometry: ConvolutionGeometry): tf.Tensor;

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    const image = requireImage(inputShape, this.where);
    return [inputShape[0], ...placeWindow(image, this.window, this.where).outputs, this.channels(image[2]).outputs];
  }

  protected override ownConfig(): Record<string, unknown> {
    const { kernel, ...window } = this.window;
    return { ...super.ownConfig(), ...window, kernelSize: kernel };
  }

  protected override attributes([[height, width, channels]]: readonly (readonly number[])[]): JsonObject {
    const { strides, dilations } = this.window;
    const { padding } = placeWindow([height, width, channels], this.window, this.where);
    return { strides, dilations, padding, groups: this.channels(channels).groups };
  }

  protected override kernelShape(inputShape: readonly (number | null)[]): number[] {
    const [, , inputs] = requireImage(inputShape, this.where);
    const { groups, outputs } = this.channels(inputs);
    return [...this.window.kernel, inputs / groups, outputs];
  }

  protected override multiply(x: tf.Tensor, weights: tf.Tensor): tf.Tensor {
    const { strides, dilations } = this.window;
    const { padding } = placeWindow(requireImage(x.shape, this.where), this.window, this.where);
    return this.convolve(x as tf.Tensor4D, weights as tf.Tensor4D, {
      strides,
      dilations,
      padding: explicitPadding(padding),
    });
  }
}

interface ConvolutionGeometry {
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly padding: tf.backend_util.ExplicitPadding;
}

/** Two-dimensional convolution; channels may be cut into groups. */
export class Conv2d extends Convolution {
  static readonly className = 'QfxConv2d';
  private readonly filters: number;
  private readonly groups: number;

  constructor(config: Conv2dConfig) {
    const where = layerName(config.name, 'conv2d');
    const parsed = parseConfiguration(conv2dSchema, config, where);
    super(parsed, where);
    this.filters = parsed.filters;
    this.groups = parsed.groups;
  }

  protected override ownConfig(): Record<string, unknown> {
    return { ...super.ownConfig(), filters: this.filters, groups: this.groups };
  }

  protected override channels(inputChannels: number): { groups: number; outputs: number } {
    const { groups, filters: outputs } = this;
    if (inputChannels % groups === 0 && outputs % groups === 0) return { groups, outputs };
    throw new QfxError(
      this.where,
      `groups is ${groups}, which must divide ${inputChannels} input and ${outputs} output channels`,
    );
  }

  protected override convolve(x: tf.Tensor4D, weights: tf.Tensor4D, geometry: ConvolutionGeometry): tf.Tensor {
    if (this.groups === 1) return convolution(x, weights, geometry);
    const inputs = tf.split<tf.Tensor4D>(x, this.groups, 3);
    const kernels = tf.split<tf.Tensor4D>(weights, this.groups, 3);
    return tf.concat(
      inputs.map((input, group) => convolution(input, kernels[group], geometry)),
      3,
    );
  }
}

/** A convolution of each channel by itself; output channel c * depthMultiplier + m belongs to input channel c. */
export class DepthwiseConv2d extends Convolution {
  static readonly className = 'QfxDepthwiseConv2d';
  private readonly depthMultiplier: number;

  constructor(config: DepthwiseConv2dConfig) {
    const where = layerName(config.name, 'depthwiseConv2d');
    const parsed = parseConfiguration(depthwiseSchema, config, where);
    super(parsed, where);
    this.depthMultiplier = parsed.depthMultiplier;
  }

  protected override ownConfig(): Record<string, unknown> {
    return { ...super.ownConfig(), depthMultiplier: this.depthMultiplier };
  }

  protected override channels(inputChannels: number): { groups: number; outputs: number } {
    return { groups: inputChannels, outputs: inputChannels * this.depthMultiplier };
  }

  protected override convolve(x: tf.Tensor4D, weights: tf.Tensor4D, geometry: ConvolutionGeometry): tf.Tensor {
    const { strides, dilations, padding } = geometry;
    const [height, width] = weights.shape;
    const filter = weights.reshape<tf.Tensor4D>([height, width, x.shape[3], this.depthMultiplier]);
    return tf.depthwiseConv2d(x, filter, [...strides], padding, 'NHWC', [...dilations]);
  }
}

function convolution(
  x: tf.Tensor4D,
  weights: tf.Tensor4D,
  { strides, dilations, padding }: ConvolutionGeometry,
): tf.Tensor4D {
  return tf.conv2d(x, weights, [...strides], padding, 'NHWC', [...dilations]);
}
