import { smallestFormat } from '../number/type.js';
import { noAttributes } from './checks.js';
import type { NoAttributes } from './checks.js';
import { smallestIntervalFormat } from './interval.js';
import { operandInterval, prepareAlignment } from './operand.js';
import { elementCount } from '../number/shape.js';
import type { Operation } from './operation.js';

/** The index of the largest value along the last axis, the lowest one of several: [C] gives [1], [..., C] gives [...]. */
export const argmax: Operation<NoAttributes> = {
  name: 'argmax',
  attributes: noAttributes,
  inputCount: { minimum: 1, maximum: 1 },
  constants: {},
  infer({ inputs: [operand] }) {
    const last = operand.shape.length - 1;
    return {
      shape: last === 0 ? [1] : operand.shape.slice(0, last),
      exactType: smallestFormat(0n, BigInt(operand.shape[last] - 1), 0),
      intermediateTypes: { operand: smallestIntervalFormat(operandInterval(operand)) },
    };
  },
  prepare({ inputs: [operand] }, { shape, intermediateTypes }, arithmetic) {
    const align = prepareAlignment(operand, intermediateTypes?.operand.binaryPoint ?? 0, arithmetic);
    const channels = operand.shape[operand.shape.length - 1];
    return ([values]) => {
      const aligned = align(values);
      const result = arithmetic.allocate(elementCount(shape));
      for (let row = 0; row < result.length; row++) {
        const start = row * channels;
        let best = 0;
        for (let channel = 1; channel < channels; channel++) {
          if (aligned[start + channel] > aligned[start + best]) best = channel;
        }
        result[row] = arithmetic.scalar(best);
      }
      return result;
    };
  },
  multiplications: () => 0,
};
