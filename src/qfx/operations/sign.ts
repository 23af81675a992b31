import { smallestFormat } from '../number/type.js';
import { sameChannels } from './channels.js';
import { noAttributes } from './checks.js';
import type { NoAttributes } from './checks.js';
import { operandInterval } from './operand.js';
import type { Operation } from './operation.js';

/** 1 where x >= 0, else -1. */
export const sign: Operation<NoAttributes> = {
  name: 'sign',
  attributes: noAttributes,
  inputCount: { minimum: 1, maximum: 1 },
  constants: {},
  infer({ inputs: [operand] }) {
    const { minimum } = operandInterval(operand);
    return { shape: operand.shape, exactType: smallestFormat(minimum < 0n ? -1n : 0n, 1n, 0) };
  },
  prepare(_context, _typing, { zero, scalar, allocate }) {
    const [plus, minus] = [scalar(1), scalar(-1)];
    return ([values]) => {
      const result = allocate(values.length);
      for (let index = 0; index < values.length; index++) result[index] = values[index] < zero ? minus : plus;
      return result;
    };
  },
  multiplications: () => 0,
  channels: (context) => sameChannels(context),
};
