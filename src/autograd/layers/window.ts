import { z } from 'zod';
import { QfxError } from '../../qfx/errors.js';
import { resolvePadding, tapRanges, windowOutputs } from '../../qfx/operations/window.js';
import type { Padding, Pair } from '../../qfx/operations/window.js';
import type { tf } from '../tensorflow.js';

export type { Padding, Pair };

const size = z.int().min(1);

/** [height, width], or one number for both. */
export const pairSchema = z.union([size.transform((both): [number, number] => [both, both]), z.tuple([size, size])]);

const amount = z.int().min(0);
/** TensorFlow's rules, or [top, bottom, left, right]. */
export const paddingSchema = z.union([z.enum(['same', 'valid']), z.tuple([amount, amount, amount, amount])]);

/** A window that slides over an image, as configured. */
export interface WindowConfig {
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly padding: z.output<typeof paddingSchema>;
}

/** [height, width, channels] */
export type ImageShape = readonly [number, number, number];

/**
 * The image behind a batch shape.
 * @throws QfxError naming the layer for anything that is not [batch, height, width, channels] with known sizes
 */
export function requireImage(shape: readonly (number | null)[], where: string): ImageShape {
  const [, height, width, channels] = shape;
  if (shape.length === 4 && height !== null && width !== null && channels !== null) return [height, width, channels];
  throw new QfxError(where, `its input has shape [${shape.slice(1).join(', ')}], needed: [height, width, channels]`);
}

/**
 * Padding and output size over a given image.
 * @throws QfxError naming the layer when the window does not fit
 */
export function placeWindow(
  [height, width]: ImageShape,
  { kernel, strides, dilations, padding }: WindowConfig,
  where: string,
): { padding: Padding; outputs: Pair } {
  const input: Pair = [height, width];
  const resolved = resolvePadding(padding, input, kernel, strides, dilations);
  return { padding: resolved, outputs: windowOutputs({ input, kernel, strides, dilations, padding: resolved }, where) };
}

/** Padding the way the tensor library's operations take it. */
export function explicitPadding([top, bottom, left, right]: Padding): tf.backend_util.ExplicitPadding {
  return [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
}

/** Configuration keys of pooling layers; strides default to the size of the pool. */
export const poolingKeys = {
  poolSize: pairSchema.prefault(2),
  strides: pairSchema.optional(),
  padding: paddingSchema.default('valid'),
};

/** The window of a pooling layer. */
export function poolingWindow(config: z.output<z.ZodObject<typeof poolingKeys>>): WindowConfig {
  const { poolSize: kernel, strides = kernel, padding } = config;
  return { kernel, strides, dilations: [1, 1], padding };
}

/**
 * `placeWindow` for a pooling, whose windows each need something to pool.
 * @throws QfxError naming the layer when a window lies on padding alone
 */
export function placePool(image: ImageShape, window: WindowConfig, where: string): { padding: Padding; outputs: Pair } {
  const placed = placeWindow(image, window, where);
  const geometry = { ...window, input: [image[0], image[1]] as const, padding: placed.padding };
  for (const axis of [0, 1] as const) {
    const empty = tapRanges(geometry, placed.outputs, axis).findIndex(({ first, end }) => first === end);
    if (empty < 0) continue;
    const name = axis === 0 ? 'row' : 'column';
    throw new QfxError(where, `the windows of output ${name} ${empty} lie on padding alone; use less padding`);
  }
  return placed;
}
