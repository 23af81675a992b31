import { elementCount } from '../number/shape.js';
import { sameChannels } from './channels.js';
import { noAttributes, requireConstantShape } from './checks.js';
import type { NoAttributes } from './checks.js';
import { foldConstant } from './constant.js';
import { constantInterval, joinIntervals, smallestIntervalFormat } from './interval.js';
import { alignedOperandType, channelIntervals, prepareAlignment } from './operand.js';
import type { NodeContext, NodeTyping, Operation } from './operation.js';
import type { Arithmetic } from './scalars.js';
import { applySlopes, slopedInterval } from './slope.js';
import type { SlopeFactors } from './slope.js';

/** x where that isn't negative, else alpha[c] * x, for each channel c (index of the last axis). */
export const prelu: Operation<NoAttributes> = {
  name: 'prelu',
  attributes: noAttributes,
  inputCount: { minimum: 1, maximum: 1 },
  constants: { alpha: 'required' },
  factor: { role: 'alpha', learned: true },
  infer(context) {
    const [operand] = context.inputs;
    const { alpha } = context.constants;
    requireConstantShape(context, 'alpha', alpha, operand.shape.slice(-1));
    const results = channelIntervals(operand).map((interval, channel) =>
      slopedInterval(interval, constantInterval(alpha, channel)),
    );
    const exactType = smallestIntervalFormat(joinIntervals(results));
    return { shape: operand.shape, exactType, ...alignedOperandType(operand) };
  },
  prepare(context, typing, arithmetic) {
    const { binaryPoints, ...factors } = foldPrelu(context, typing, arithmetic);
    const align = prepareAlignment(context.inputs[0], binaryPoints, arithmetic);
    return ([values]) => applySlopes(align(values), factors, arithmetic);
  },
  multiplications: (_context, { shape }) => elementCount(shape),
  channels: (context) => sameChannels(context, ['alpha']),
};

/** The factors of each channel, and the binary point that its values have then. */
export function foldPrelu(
  { inputs: [operand], constants: { alpha } }: Pick<NodeContext, 'inputs' | 'constants'>,
  { exactType: { binaryPoint } }: Pick<NodeTyping, 'exactType'>,
  arithmetic: Arithmetic,
): SlopeFactors & { readonly binaryPoints: readonly (number | undefined)[] } {
  const binaryPoints = channelIntervals(operand).map((interval) => interval.binaryPoint);
  const positive = arithmetic.allocate(binaryPoints.length);
  binaryPoints.forEach((point, channel) => {
    if (point !== undefined) positive[channel] = arithmetic.powerOfTwo(binaryPoint - point);
  });
  const negative = foldConstant(alpha, (channel) => binaryPoints[channel], binaryPoint, arithmetic);
  return { binaryPoints, positive, negative };
}
