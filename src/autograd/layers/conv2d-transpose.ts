import { z } from 'zod';
import type { JsonObject } from '../../qfx/graph/graph.js';
import { resolveTransposedPadding } from '../../qfx/operations/conv2d-transpose.js';
import { parseConfiguration } from '../configuration.js';
import { tf } from '../tensorflow.js';
import { layerName } from './configuration.js';
import { commonKeys } from './layer.js';
import { connectionOf } from './sources.js';
import { WeightedLayer, weightedKeys } from './weighted-layer.js';
import { explicitPadding, pairSchema, requireImage } from './window.js';
import type { Pair } from './window.js';

const schema = z.strictObject({
  ...commonKeys,
  ...weightedKeys,
  /** Number of output channels. */
  filters: z.int().min(1),
  kernelSize: pairSchema,
  strides: pairSchema.prefault(1),
  padding: z.enum(['same', 'valid']).default('valid'),
});
export type Conv2dTransposeConfig = z.input<typeof schema>;

/** Transposed convolution over [batch, height, width, channels]; its kernel is [height, width, channels, filters]. */
export class Conv2dTranspose extends WeightedLayer {
  static readonly className = 'QfxConv2dTranspose';
  private readonly filters: number;
  private readonly kernelSize: Pair;
  private readonly strides: Pair;
  private readonly padding: 'same' | 'valid';

  constructor(config: Conv2dTransposeConfig) {
    const where = layerName(config.name, 'conv2dTranspose');
    const { filters, kernelSize, strides, padding, ...setup } = parseConfiguration(schema, config, where);
    super({ ...setup, operation: 'conv2d-transpose' }, where);
    this.filters = filters;
    this.kernelSize = kernelSize;
    this.strides = strides;
    this.padding = padding;
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    return [inputShape[0], ...this.place(inputShape).size, this.filters];
  }

  /** Each weight meets each pixel of the input once. */
  protected override get positions(): number {
    const [[height, width]] = connectionOf(this).inputShapes;
    return height * width;
  }

  protected override ownConfig(): Record<string, unknown> {
    const { filters, kernelSize, strides, padding } = this;
    return { ...super.ownConfig(), filters, kernelSize, strides, padding };
  }

  protected override attributes([imageShape]: readonly (readonly number[])[]): JsonObject {
    const { size, cropping } = this.place([null, ...imageShape]);
    return { strides: this.strides, size, cropping };
  }

  protected override kernelShape(inputShape: readonly (number | null)[]): number[] {
    const [, , channels] = requireImage(inputShape, this.where);
    return [...this.kernelSize, channels, this.filters];
  }

  /**
   * A convolution that gives for each position the pixels of one stride as channels, which are then put side by side. (The
   * library's own transposed convolution is the gradient of one, whose kernels need not keep sums of integers exact.)
   */
  protected override multiply(x: tf.Tensor, weights: tf.Tensor): tf.Tensor {
    const [rows, columns] = this.strides;
    const reach = this.kernelSize.map((taps, axis) => Math.ceil(taps / this.strides[axis]));
    const margins = [reach[0] - 1, reach[1] - 1] as const;
    const filter = this.byPosition(weights, reach);
    const padding = explicitPadding([margins[0], margins[0], margins[1], margins[1]]);
    const sums = tf.conv2d(x as tf.Tensor4D, filter, 1, padding);
    const [batch, height, width] = sums.shape;
    const { size, cropping } = this.place(x.shape);
    return sums
      .reshape([batch, height, width, rows, columns, this.filters])
      .transpose([0, 1, 3, 2, 4, 5])
      .reshape<tf.Tensor4D>([batch, height * rows, width * columns, this.filters])
      .slice([0, ...cropping, 0], [batch, ...size, this.filters]);
  }

  /** [height, width, channels, filters] to [reach, reach, channels, pixels of a stride * filters]. */
  private byPosition(weights: tf.Tensor, reach: readonly number[]): tf.Tensor4D {
    const [rows, columns] = this.strides;
    const [height, width, channels] = weights.shape;
    const missing = [reach[0] * rows - height, reach[1] * columns - width] as const;
    return weights
      .pad([
        [0, missing[0]],
        [0, missing[1]],
        [0, 0],
        [0, 0],
      ])
      .reshape([reach[0], rows, reach[1], columns, channels, this.filters])
      .reverse([0, 2])
      .transpose([0, 2, 4, 1, 3, 5])
      .reshape<tf.Tensor4D>([reach[0], reach[1], channels, rows * columns * this.filters]);
  }

  private place(inputShape: readonly (number | null)[]) {
    const [height, width] = requireImage(inputShape, this.where);
    return resolveTransposedPadding(this.padding, [height, width], this.kernelSize, this.strides);
  }
}
