import { noAttributes } from './checks.js';
import { alignedElementWise } from './element-wise.js';
import { addIntervals } from './interval.js';

/** The sum of two or more tensors of one shape, element by element (a shortcut). */
export const add = alignedElementWise({
  name: 'add',
  attributes: noAttributes,
  inputCount: { minimum: 2, maximum: 1024 },
  interval: addIntervals,
  combine: (sum, value) => sum + value,
});
