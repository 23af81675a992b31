import { elementCount } from '../number/shape.js';
import { spreadAt } from '../number/type.js';
import { sameChannels } from './channels.js';
import { noAttributes } from './checks.js';
import type { NoAttributes } from './checks.js';
import { elementWiseInterval, requireOneShape, two } from './element-wise.js';
import { multiplyIntervals, smallestIntervalFormat } from './interval.js';
import { formatPeriod } from './operand.js';
import type { Operation } from './operation.js';

/** The product of two tensors of one shape, element by element. */
export const multiply: Operation<NoAttributes> = {
  name: 'multiply',
  attributes: noAttributes,
  inputCount: two,
  constants: {},
  infer(context) {
    const shape = requireOneShape(context);
    const interval = elementWiseInterval(context.inputs, ([first, second]) => multiplyIntervals(first, second));
    return { shape, exactType: smallestIntervalFormat(interval) };
  },
  prepare({ inputs }, { exactType, shape }, arithmetic) {
    const period = Math.max(...inputs.map(formatPeriod));
    const factors = arithmetic.allocate(period);
    for (let index = 0; index < period; index++) {
      if (inputs.some(({ format }) => spreadAt(format.wordLength, shape, index) === 0)) continue;
      const points = inputs.map(({ format }) => spreadAt(format.binaryPoint, shape, index));
      factors[index] = arithmetic.powerOfTwo(exactType.binaryPoint - points[0] - points[1]);
    }
    return ([first, second]) => {
      const result = arithmetic.allocate(first.length);
      for (let index = 0; index < result.length; index++) {
        // Added to the 0 that is there: the product of 0 and a negative number would be -0.
        result[index] += first[index] * second[index] * factors[index % period];
      }
      return result;
    };
  },
  multiplications: (_context, { shape }) => elementCount(shape),
  channels: (context) => sameChannels(context),
};
