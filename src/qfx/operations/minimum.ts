import { noAttributes } from './checks.js';
import { alignedElementWise, two } from './element-wise.js';
import { largerInterval, negateInterval } from './interval.js';

/** The smaller one of two tensors of one shape, element by element. */
export const minimum = alignedElementWise({
  name: 'minimum',
  attributes: noAttributes,
  inputCount: two,
  comparesOperands: true,
  // The smaller of two numbers is the negative of the larger one of their negatives.
  interval: (operands) => negateInterval(largerInterval(operands.map(negateInterval))),
  combine: (first, second) => (second < first ? second : first),
});
