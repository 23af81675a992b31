import { noAttributes } from './checks.js';
import { alignedElementWise, two } from './element-wise.js';
import { addIntervals, negateInterval } from './interval.js';

/** The first tensor less the second one of the same shape, element by element. */
export const subtract = alignedElementWise({
  name: 'subtract',
  attributes: noAttributes,
  inputCount: two,
  interval: ([first, second]) => addIntervals([first, negateInterval(second)]),
  combine: (first, second) => first - second,
});
