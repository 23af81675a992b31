import { noAttributes } from './checks.js';
import { elementCount } from '../number/shape.js';
import { passThrough } from './pass-through.js';

/** All values along one axis, row-major. */
export const flatten = passThrough({ name: 'flatten', attributes: noAttributes }, ({ inputs }) => [
  elementCount(inputs[0].shape),
]);
