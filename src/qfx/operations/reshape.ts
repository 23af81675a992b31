import { z } from 'zod';
import { QfxError } from '../errors.js';
import { shapeAttribute } from './checks.js';
import { elementCount } from '../number/shape.js';
import { describeShape, layer } from './operation.js';
import { passThrough } from './pass-through.js';

const attributes = z.strictObject({ shape: shapeAttribute });
export type ReshapeAttributes = z.infer<typeof attributes>;

/** The same values, row-major, in another shape. */
export const reshape = passThrough<ReshapeAttributes>(
  { name: 'reshape', attributes },
  ({ name, inputs: [operand], attributes: { shape } }) => {
    if (elementCount(shape) === elementCount(operand.shape)) return shape;
    const found = `${describeShape(operand.shape)} has ${elementCount(operand.shape)} values`;
    throw new QfxError(layer(name), `${found}, shape ${describeShape(shape)} needs ${elementCount(shape)}`);
  },
  ({ shape }, channels) => ({ shape: [...shape.slice(0, -1), channels] }),
);
