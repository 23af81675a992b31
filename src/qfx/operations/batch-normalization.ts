import { sameChannels } from './channels.js';
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
import type { NodeContext, NodeTyping, Operation } from './operation.js';
import type { Arithmetic, Scalars } from './scalars.js';

/** y = scale[c] * x + offset[c] for each channel c (index of the last axis). */
export const batchNormalization: Operation<NoAttributes> = {
  name: 'batch-normalization',
  attributes: noAttributes,
  inputCount: { minimum: 1, maximum: 1 },
  constants: { scale: 'required', offset: 'required' },
  factor: { role: 'scale', learned: true },
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
  prepare(context, typing, arithmetic) {
    const { binaryPoints, factors, summands } = foldBatchNormalization(context, typing, arithmetic);
    const align = prepareAlignment(context.inputs[0], binaryPoints, arithmetic);
    const channels = binaryPoints.length;
    return ([values]) => {
      const aligned = align(values);
      const result = arithmetic.allocate(aligned.length);
      for (let start = 0; start < aligned.length; start += channels) {
        for (let channel = 0; channel < channels; channel++) {
          result[start + channel] = aligned[start + channel] * factors[channel] + summands[channel];
        }
      }
      return result;
    };
  },
  multiplications: (_context, { shape }) => elementCount(shape),
  channels(context) {
    const { raw } = context.constants.scale;
    return { ...sameChannels(context, ['scale', 'offset']), isConstant: (channel) => Number(raw[channel]) === 0 };
  },
};

/** What a batch normalization computes with: for each channel the operand's binary point, and constants aligned to the result's. */
interface FoldedBatchNormalization {
  readonly binaryPoints: readonly (number | undefined)[];
  readonly factors: Scalars;
  readonly summands: Scalars;
}

/** Aligns scale and offset such that factor * x + summand is the exact result. */
export function foldBatchNormalization(
  { inputs: [operand], constants: { scale, offset } }: Pick<NodeContext, 'inputs' | 'constants'>,
  { exactType: { binaryPoint } }: Pick<NodeTyping, 'exactType'>,
  arithmetic: Arithmetic,
): FoldedBatchNormalization {
  const binaryPoints = channelIntervals(operand).map((interval) => interval.binaryPoint);
  return {
    binaryPoints,
    factors: foldConstant(scale, (channel) => binaryPoints[channel], binaryPoint, arithmetic),
    summands: foldConstant(offset, () => 0, binaryPoint, arithmetic),
  };
}
