import { z } from 'zod';
import { QfxError } from '../errors.js';
import type { IntegerTensor } from '../number/raw-array.js';
import { limits } from '../limits.js';
import { maximumBinaryPoint } from '../number/validate-type.js';
import { describeShape, layer } from './operation.js';
import type { NodeContext } from './operation.js';

/** A whole number of at least 1. */
export const positiveInteger = z.int().min(1).max(limits.nodeValues);
/** A whole number of at least 0. */
export const wholeNumber = z.int().min(0).max(limits.nodeValues);
/** [height, width] */
export const positivePair = z.tuple([positiveInteger, positiveInteger]);
/** [top, bottom, left, right] */
export const paddingAmounts = z.tuple([wholeNumber, wholeNumber, wholeNumber, wholeNumber]);
/** An output shape: at least one axis, none empty. */
export const shapeAttribute = z.array(positiveInteger).min(1).max(8);

/** A positive number raw * 2^-binaryPoint. */
export const positiveNumber = z.strictObject({
  raw: z.string().regex(/^[1-9][0-9]{0,19}$/, 'needed: a positive whole number of at most 20 digits, as a string'),
  binaryPoint: z.int().min(-maximumBinaryPoint).max(maximumBinaryPoint),
});
export type PositiveNumber = z.infer<typeof positiveNumber>;

export const noAttributes = z.strictObject({});
export type NoAttributes = z.infer<typeof noAttributes>;

/** Throws unless the constant has this shape. */
export function requireConstantShape(
  context: Pick<NodeContext, 'name'>,
  role: string,
  constant: IntegerTensor,
  shape: readonly number[],
): void {
  if (describeShape(constant.shape) === describeShape(shape)) return;
  throw new QfxError(
    layer(context.name),
    `${role} have shape ${describeShape(constant.shape)}, needed: ${describeShape(shape)}`,
  );
}

/** Throws unless the input is an image, [height, width, channels]. */
export function requireImage(context: Pick<NodeContext, 'name' | 'inputs'>): readonly [number, number, number] {
  const [{ name, shape }] = context.inputs;
  if (shape.length === 3) return [shape[0], shape[1], shape[2]];
  throw new QfxError(
    layer(context.name),
    `input "${name}" has shape ${describeShape(shape)}, needed: [height, width, channels]`,
  );
}
