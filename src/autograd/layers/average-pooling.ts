import { z } from 'zod';
import type { JsonObject } from '../../qfx/graph/graph.js';
import type { IntegerTensor } from '../../qfx/number/raw-array.js';
import type { FixedPointFormat } from '../../qfx/number/type.js';
import { averageReciprocals, poolingCounts } from '../../qfx/operations/pooling.js';
import { tapRanges } from '../../qfx/operations/window.js';
import { parseConfiguration } from '../configuration.js';
import { sumPool2d } from '../kernels/pooling.js';
import { tf } from '../tensorflow.js';
import { layerName } from './configuration.js';
import type { ExactValue } from './exact-cast.js';
import { FixedPointLayer, commonKeys } from './layer.js';
import type { LayerSetup, ResolvedNode } from './layer.js';
import { planLimbs, splitTensor } from './limbs.js';
import { realsOf } from './reals.js';
import { placePool, poolingKeys, poolingWindow, requireImage } from './window.js';
import type { ImageShape, Pair, WindowConfig } from './window.js';

const averageKeys = {
  ...commonKeys,
  /** Most bits of the constants that sums are multiplied with instead of a division. */
  reciprocalWordLength: z.int().min(1).max(24).default(12),
  output: z.unknown().optional(),
};
const schema = z.strictObject({ ...averageKeys, ...poolingKeys });
export type AveragePooling2dConfig = z.input<typeof schema>;

const globalSchema = z.strictObject(averageKeys);
export type GlobalAveragePooling2dConfig = z.input<typeof globalSchema>;

interface AverageSetup extends LayerSetup {
  readonly reciprocalWordLength: number;
}

/** Exact sums times the reciprocal of the number of taps that lie on the image. */
abstract class Averaging extends FixedPointLayer {
  private readonly reciprocalWordLength: number;

  constructor({ reciprocalWordLength, ...setup }: AverageSetup) {
    super(setup);
    this.reciprocalWordLength = reciprocalWordLength;
  }

  protected abstract windowOver(image: ImageShape): WindowConfig;

  protected override ownConfig(): Record<string, unknown> {
    return { reciprocalWordLength: this.reciprocalWordLength };
  }

  protected override constants([shape]: readonly (readonly number[])[]): Record<string, IntegerTensor> {
    return { reciprocals: this.reciprocals(requireImage([1, ...shape], this.where)) };
  }

  protected override forward([x]: readonly tf.Tensor[]): tf.Tensor {
    const { factors, shape } = this.factors(requireImage(x.shape, this.where));
    return this.sums(x).mul(tf.tensor(factors, shape));
  }

  protected override exact([x]: readonly tf.Tensor[], { operands }: ResolvedNode): ExactValue {
    const image = requireImage(x.shape, this.where);
    const { kernel } = this.windowOver(image);
    const format = operands[0].format as FixedPointFormat;
    const { input } = planLimbs(format, ones(kernel[0] * kernel[1]), this.where);
    const { factors } = this.factors(image);
    const scale = Float32Array.from(
      { length: factors.length * image[2] },
      (_, index) => factors[Math.floor(index / image[2])],
    );
    return { parts: splitTensor(x, format, input).map((limb) => this.sums(limb)), scale };
  }

  /** The numbers of taps on the image of each output pixel, row-major. */
  protected taps(image: ImageShape): { readonly taps: number[]; readonly counts: number[]; readonly outputs: Pair } {
    const window = this.windowOver(image);
    const { padding, outputs } = placePool(image, window, this.where);
    const input: Pair = [image[0], image[1]];
    const geometry = { ...window, input, padding };
    const [rows, columns] = ([0, 1] as const).map((axis) =>
      tapRanges(geometry, outputs, axis).map(({ first, end }) => end - first),
    );
    const counts = poolingCounts(input, window.kernel, window.strides, padding);
    return { taps: rows.flatMap((row) => columns.map((column) => row * column)), counts, outputs };
  }

  private sums(x: tf.Tensor): tf.Tensor {
    const image = requireImage(x.shape, this.where);
    const window = this.windowOver(image);
    return sumPool2d(x, window.kernel, window.strides, placePool(image, window, this.where).padding);
  }

  private reciprocals(image: ImageShape): IntegerTensor {
    return averageReciprocals(this.taps(image).counts, this.reciprocalWordLength);
  }

  /** The reciprocal of each output pixel, for every channel the same. */
  private factors(image: ImageShape): { factors: Float32Array; shape: [number, number, 1] } {
    const { taps, counts, outputs } = this.taps(image);
    const reciprocals = realsOf(this.reciprocals(image));
    return { factors: Float32Array.from(taps, (count) => reciprocals[counts.indexOf(count)]), shape: [...outputs, 1] };
  }
}

/** The average of the taps on the image under a window. */
export class AveragePooling2d extends Averaging {
  static readonly className = 'QfxAveragePooling2d';
  private readonly window: WindowConfig;

  constructor(config: AveragePooling2dConfig) {
    const parsed = parseConfiguration(schema, config, layerName(config.name, 'averagePooling2d'));
    const { name, trainable, reciprocalWordLength, output } = parsed;
    super({ operation: 'average-pooling2d', name, trainable, reciprocalWordLength, output });
    this.window = poolingWindow(parsed);
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    const image = requireImage(inputShape, this.where);
    return [inputShape[0], ...placePool(image, this.window, this.where).outputs, image[2]];
  }

  protected override windowOver(): WindowConfig {
    return this.window;
  }

  protected override ownConfig(): Record<string, unknown> {
    const { kernel: poolSize, strides, padding } = this.window;
    return { ...super.ownConfig(), poolSize, strides, padding };
  }

  protected override attributes([shape]: readonly (readonly number[])[]): JsonObject {
    const image = requireImage([1, ...shape], this.where);
    const { kernel: poolSize, strides } = this.window;
    const { padding } = placePool(image, this.window, this.where);
    return { poolSize, strides, padding, counts: this.taps(image).counts };
  }
}

/** The average of each channel: [batch, height, width, channels] to [batch, channels]. */
export class GlobalAveragePooling2d extends Averaging {
  static readonly className = 'QfxGlobalAveragePooling2d';

  constructor(config: GlobalAveragePooling2dConfig) {
    const parsed = parseConfiguration(globalSchema, config, layerName(config.name, 'globalAveragePooling2d'));
    super({ ...parsed, output: parsed.output, operation: 'global-average-pooling2d' });
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    return [inputShape[0], requireImage(inputShape, this.where)[2]];
  }

  protected override windowOver([height, width]: ImageShape): WindowConfig {
    return { kernel: [height, width], strides: [1, 1], dilations: [1, 1], padding: 'valid' };
  }

  protected override forward(inputs: readonly tf.Tensor[]): tf.Tensor {
    return withoutImage(super.forward(inputs));
  }

  protected override exact(inputs: readonly tf.Tensor[], node: ResolvedNode): ExactValue {
    const { parts, scale } = super.exact(inputs, node);
    return { parts: parts.map(withoutImage), scale };
  }
}

/** [batch, 1, 1, channels] to [batch, channels] */
function withoutImage(x: tf.Tensor): tf.Tensor {
  const [batch, , , channels] = (x as tf.Tensor4D).shape;
  return x.reshape([batch, channels]);
}

/** Weights of a sum of so many values. */
function ones(count: number): IntegerTensor {
  return {
    shape: [count, 1],
    format: { signed: false, wordLength: 1, binaryPoint: 0 },
    raw: new Float64Array(count).fill(1),
  };
}
