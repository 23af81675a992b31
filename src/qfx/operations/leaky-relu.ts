import { z } from 'zod';
import { elementCount } from '../number/shape.js';
import { formatAt } from '../number/validate-type.js';
import { sameChannels } from './channels.js';
import { positiveNumber } from './checks.js';
import { smallestIntervalFormat } from './interval.js';
import { formatPeriod, operandInterval } from './operand.js';
import type { NodeContext, NodeTyping, Operation } from './operation.js';
import type { Arithmetic } from './scalars.js';
import { applySlopes, slopedInterval } from './slope.js';
import type { SlopeFactors } from './slope.js';

const attributes = z.strictObject({
  /** The slope of negative values, raw * 2^-binaryPoint. */
  alpha: positiveNumber,
});
export type LeakyReluAttributes = z.infer<typeof attributes>;

/** x where that isn't negative, else alpha * x. */
export const leakyRelu: Operation<LeakyReluAttributes> = {
  name: 'leaky-relu',
  attributes,
  inputCount: { minimum: 1, maximum: 1 },
  constants: {},
  infer({ inputs: [operand], attributes: { alpha } }) {
    const slope = { minimum: 0n, maximum: BigInt(alpha.raw), binaryPoint: alpha.binaryPoint };
    const interval = slopedInterval(operandInterval(operand), slope);
    return { shape: operand.shape, exactType: smallestIntervalFormat(interval) };
  },
  prepare(context, typing, arithmetic) {
    const factors = foldLeakyRelu(context, typing, arithmetic);
    return ([values]) => applySlopes(values, factors, arithmetic);
  },
  multiplications: ({ attributes: { alpha } }, { shape }) =>
    isPowerOfTwo(BigInt(alpha.raw)) ? 0 : elementCount(shape),
  channels: (context) => sameChannels(context),
};

/** The factors of each element, or of as many as there are before formats repeat. */
export function foldLeakyRelu(
  { inputs: [operand], attributes: { alpha } }: NodeContext<LeakyReluAttributes>,
  { exactType }: Pick<NodeTyping, 'exactType'>,
  arithmetic: Arithmetic,
): SlopeFactors {
  const period = formatPeriod(operand);
  const positive = arithmetic.allocate(period);
  const negative = arithmetic.allocate(period);
  for (let index = 0; index < period; index++) {
    const { wordLength, binaryPoint } = formatAt(operand.format, operand.shape, index);
    if (wordLength === 0) continue;
    const shift = exactType.binaryPoint - binaryPoint;
    positive[index] = arithmetic.powerOfTwo(shift);
    negative[index] = arithmetic.scalar(BigInt(alpha.raw)) * arithmetic.powerOfTwo(shift - alpha.binaryPoint);
  }
  return { positive, negative };
}

/** Whether a slope of this raw integer, above 0, is a shift. */
export function isPowerOfTwo(value: bigint): boolean {
  return (value & (value - 1n)) === 0n;
}
