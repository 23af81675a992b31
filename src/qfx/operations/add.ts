import { QfxError } from '../errors.js';
import { noAttributes } from './checks.js';
import type { NoAttributes } from './checks.js';
import { addIntervals, joinIntervals, noWidth, smallestIntervalFormat } from './interval.js';
import { distinctIntervals, prepareAlignment } from './operand.js';
import { describeShape, layer } from './operation.js';
import type { Operation } from './operation.js';

/** The sum of two or more tensors of one shape, element by element (a shortcut). */
export const add: Operation<NoAttributes> = {
  name: 'add',
  attributes: noAttributes,
  inputCount: { minimum: 2, maximum: 1024 },
  constants: {},
  infer({ name, inputs }) {
    const [{ shape }] = inputs;
    for (const other of inputs) {
      if (describeShape(other.shape) === describeShape(shape)) continue;
      const found = inputs.map((operand) => `"${operand.name}" ${describeShape(operand.shape)}`).join(', ');
      throw new QfxError(layer(name), `its inputs have different shapes: ${found}`);
    }
    let sum = noWidth;
    for (const summands of distinctIntervals(inputs)) sum = joinIntervals([sum, addIntervals(summands)]);
    return { shape, exactType: smallestIntervalFormat(sum) };
  },
  prepare({ inputs }, { exactType }, arithmetic) {
    const align = inputs.map((operand) => prepareAlignment(operand, exactType.binaryPoint, arithmetic));
    return (values) => {
      const aligned = values.map((operand, index) => align[index](operand));
      const sum = arithmetic.allocate(aligned[0].length);
      for (const operand of aligned) {
        for (let index = 0; index < sum.length; index++) sum[index] += operand[index];
      }
      return sum;
    };
  },
  multiplications: () => 0,
};
