import { z } from 'zod';
import type { JsonObject } from '../../qfx/graph/graph.js';
import { parseConfiguration } from '../configuration.js';
import { tf } from '../tensorflow.js';
import { layerName } from './configuration.js';
import type { ExactValue } from './exact-cast.js';
import { FixedPointLayer, commonKeys } from './layer.js';
import { explicitPadding, placePool, poolingKeys, poolingWindow, requireImage } from './window.js';
import type { WindowConfig } from './window.js';

const schema = z.strictObject({ ...commonKeys, ...poolingKeys });
export type MaxPooling2dConfig = z.input<typeof schema>;

const globalSchema = z.strictObject({ ...commonKeys });
export type GlobalMaxPooling2dConfig = z.input<typeof globalSchema>;

/** The largest value under a window; padding never wins, values keep their type. */
export class MaxPooling2d extends FixedPointLayer {
  static readonly className = 'QfxMaxPooling2d';
  private readonly window: WindowConfig;

  constructor(config: MaxPooling2dConfig) {
    const parsed = parseConfiguration(schema, config, layerName(config.name, 'maxPooling2d'));
    super({ name: parsed.name, trainable: parsed.trainable, operation: 'max-pooling2d' });
    this.window = poolingWindow(parsed);
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    const image = requireImage(inputShape, this.where);
    return [inputShape[0], ...placePool(image, this.window, this.where).outputs, image[2]];
  }

  protected override ownConfig(): Record<string, unknown> {
    const { kernel: poolSize, strides, padding } = this.window;
    return { poolSize, strides, padding };
  }

  protected override attributes([[height, width, channels]]: readonly (readonly number[])[]): JsonObject {
    const { kernel: poolSize, strides } = this.window;
    return { poolSize, strides, padding: placePool([height, width, channels], this.window, this.where).padding };
  }

  protected override forward([x]: readonly tf.Tensor[]): tf.Tensor {
    const { kernel, strides } = this.window;
    const { padding } = placePool(requireImage(x.shape, this.where), this.window, this.where);
    return tf.maxPool(x as tf.Tensor4D, [...kernel], [...strides], explicitPadding(padding));
  }

  protected override exact(inputs: readonly tf.Tensor[]): ExactValue {
    return { parts: [this.forward(inputs)] };
  }
}

/** The largest value of each channel: [batch, height, width, channels] to [batch, channels]. */
export class GlobalMaxPooling2d extends FixedPointLayer {
  static readonly className = 'QfxGlobalMaxPooling2d';

  constructor(config: GlobalMaxPooling2dConfig) {
    const parsed = parseConfiguration(globalSchema, config, layerName(config.name, 'globalMaxPooling2d'));
    super({ ...parsed, operation: 'global-max-pooling2d' });
  }

  override computeOutputShape(inputShape: (number | null)[]): (number | null)[] {
    return [inputShape[0], requireImage(inputShape, this.where)[2]];
  }

  protected override forward([x]: readonly tf.Tensor[]): tf.Tensor {
    const [height, width, channels] = requireImage(x.shape, this.where);
    const pooled = tf.maxPool(x as tf.Tensor4D, [height, width], 1, 'valid');
    return pooled.reshape([x.shape[0], channels]);
  }

  protected override exact(inputs: readonly tf.Tensor[]): ExactValue {
    return { parts: [this.forward(inputs)] };
  }
}
