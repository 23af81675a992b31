import { z } from 'zod';
import { formatAt } from '../number/validate-type.js';
import { sameChannels } from './channels.js';
import { positiveNumber } from './checks.js';
import type { PositiveNumber } from './checks.js';
import { smallestIntervalFormat } from './interval.js';
import { formatPeriod, operandInterval } from './operand.js';
import type { Operation } from './operation.js';

const attributes = z.strictObject({
  /** The value raw * 2^-binaryPoint at which results are clipped. */
  maximum: positiveNumber.optional(),
});
export type ReluAttributes = z.infer<typeof attributes>;

/** max(x, 0), or min(max(x, 0), maximum) when there is a maximum. */
export const relu: Operation<ReluAttributes> = {
  name: 'relu',
  attributes,
  inputCount: { minimum: 1, maximum: 1 },
  constants: {},
  infer({ inputs: [operand], attributes: { maximum } }) {
    const interval = operandInterval(operand);
    if (interval.binaryPoint === undefined || !maximum) {
      return { shape: operand.shape, exactType: smallestIntervalFormat({ ...interval, minimum: 0n }) };
    }
    const binaryPoint = Math.max(interval.binaryPoint, maximum.binaryPoint);
    const largest = interval.maximum << BigInt(binaryPoint - interval.binaryPoint);
    const limit = BigInt(maximum.raw) << BigInt(binaryPoint - maximum.binaryPoint);
    const clipped = { minimum: 0n, maximum: largest < limit ? largest : limit, binaryPoint };
    return { shape: operand.shape, exactType: smallestIntervalFormat(clipped) };
  },
  prepare({ inputs: [operand], attributes: { maximum } }, { exactType }, arithmetic) {
    const { zero } = arithmetic;
    const period = formatPeriod(operand);
    const factors = arithmetic.allocate(period);
    const thresholds = arithmetic.allocate(period);
    for (let index = 0; index < period; index++) {
      const { wordLength, binaryPoint } = formatAt(operand.format, operand.shape, index);
      if (wordLength === 0) continue;
      factors[index] = arithmetic.powerOfTwo(exactType.binaryPoint - binaryPoint);
      if (maximum) thresholds[index] = arithmetic.scalar(floorAt(maximum, binaryPoint));
    }
    const limit = maximum ? arithmetic.scalar(floorAt(maximum, exactType.binaryPoint)) : zero;
    return ([values]) => {
      const result = arithmetic.allocate(values.length);
      for (let index = 0; index < values.length; index++) {
        const value = values[index];
        // Compared before it is shifted: a value far above the maximum needn't fit the exact type.
        if (maximum && value > thresholds[index % period]) result[index] = limit;
        else if (value > zero) result[index] = value * factors[index % period];
      }
      return result;
    };
  },
  multiplications: () => 0,
  channels: (context) => sameChannels(context),
};

/** The largest raw integer at a binary point that is not above a value. */
export function floorAt(value: PositiveNumber, binaryPoint: number): bigint {
  const shift = BigInt(binaryPoint - value.binaryPoint);
  return shift >= 0n ? BigInt(value.raw) << shift : BigInt(value.raw) >> -shift;
}
