import { noAttributes } from './checks.js';
import { passThrough } from './pass-through.js';

/** The identity: all it does is the node's cast. */
export const requantize = passThrough(
  { name: 'requantize', attributes: noAttributes },
  ({ inputs }) => inputs[0].shape,
);
