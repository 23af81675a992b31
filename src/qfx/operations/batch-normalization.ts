import { noAttributes, requireConstantShape } from './checks.js';
import type { NoAttributes } from './checks.js';
import { foldConstant } from './constant.js';
import {
  addIntervals,
  constantInterval,
  joinIntervals,
  multiplyIntervals,
  smallestIntervalFormat,
} from './interval.js';
import { alignedOperandType, channelIntervals, prepareAlignment } from './operand.js';
import { elementCount } from '../number/shape.js';
import type { Operation } from './operation.js';

/** y = scale[c] * x + offset[c] for each channel c (index of the last axis). */
export const batchNormalization: Operation<NoAttributes> = {
  name: 'batch-normalization',
  attributes: noAttributes,
  inputCount: { minimum: 1, maximum: 1 },
  constants: { scale: 'required', offset: 'required' },
  infer(context) {
    const [operand] = context.inputs;
    const { scale, offset } = context.constants;
    requireConstantShape(context, 'scale', scale, operand.shape.slice(-1));
    requireConstantShape(context, 'offset', offset, operand.shape.slice(-1));
    const channels = channelIntervals(operand);
    const results = channels.map((interval, channel) =>
      addIntervals([multiplyIntervals(interval, constantInterval(scale, channel)), constantInterval(offset, channel)]),
    );
    const exactType = smallestIntervalFormat(joinIntervals(results));
    return { shape: operand.shape, exactType, ...alignedOperandType(operand) };
  },
  prepare(context, { exactType }, arithmetic) {
    const [operand] = context.inputs;
    const { scale, offset } = context.constants;
    const channels = channelIntervals(operand);
    const align = prepareAlignment(
      operand,
      channels.map((interval) => interval.binaryPoint),
      arithmetic,
    );
    const factors = foldConstant(scale, (channel) => channels[channel].binaryPoint, exactType.binaryPoint, arithmetic);
    const summands = foldConstant(offset, () => 0, exactType.binaryPoint, arithmetic);
    return ([values]) => {
      const aligned = align(values);
      const result = arithmetic.allocate(aligned.length);
      for (let start = 0; start < aligned.length; start += channels.length) {
        for (let channel = 0; channel < channels.length; channel++) {
          result[start + channel] = aligned[start + channel] * factors[channel] + summands[channel];
        }
      }
      return result;
    };
  },
  multiplications: (_context, { shape }) => elementCount(shape),
};
