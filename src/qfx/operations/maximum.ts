import { noAttributes } from './checks.js';
import { alignedElementWise, two } from './element-wise.js';
import { largerInterval } from './interval.js';

/** The larger one of two tensors of one shape, element by element. */
export const maximum = alignedElementWise({
  name: 'maximum',
  attributes: noAttributes,
  inputCount: two,
  comparesOperands: true,
  interval: largerInterval,
  combine: (first, second) => (second > first ? second : first),
});
