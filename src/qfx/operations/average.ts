import { QfxError } from '../errors.js';
import { sameChannels } from './channels.js';
import { requireConstantShape } from './checks.js';
import { foldConstant } from './constant.js';
import { constantInterval, joinIntervals, multiplyIntervals, smallestIntervalFormat } from './interval.js';
import type { Interval } from './interval.js';
import { operandInterval, prepareAlignment } from './operand.js';
import { elementCount } from '../number/shape.js';
import { layer } from './operation.js';
import type { NodeContext, NodeTyping, Operation } from './operation.js';
import { windowsOf } from './pooling.js';
import type { PoolingWindows } from './pooling.js';
import type { Arithmetic, Scalars } from './scalars.js';

/**
 * The exact sum of the taps on the image under each window, channel by channel, times the reciprocal (a constant) of their
 * number.
 * @param windows the windows of a node
 * @param counts for the constant's elements the numbers of taps they belong to, ascending
 * @param shape the result's shape
 */
export function averageOf<Attributes>(
  definition: Pick<Operation<Attributes>, 'name' | 'attributes'>,
  windows: (context: NodeContext<Attributes>) => PoolingWindows,
  counts: (context: NodeContext<Attributes>, windows: PoolingWindows) => readonly number[],
  shape: (windows: PoolingWindows) => readonly number[],
): Operation<Attributes> {
  return {
    ...definition,
    inputCount: { minimum: 1, maximum: 1 },
    constants: { reciprocals: 'required' },
    factor: { role: 'reciprocals', learned: false },
    infer(context): NodeTyping {
      const pooling = windows(context);
      const divisors = counts(context, pooling);
      const { reciprocals } = context.constants;
      requireConstantShape(context, 'reciprocals', reciprocals, [divisors.length]);
      if (reciprocals.format.signed)
        throw new QfxError(layer(context.name), 'reciprocals are signed, needed: unsigned');
      const interval = operandInterval(context.inputs[0]);
      const sums = divisors.map((count) => repeat(interval, count));
      const products = sums.map((sum, index) => multiplyIntervals(sum, constantInterval(reciprocals, index)));
      return {
        shape: shape(pooling),
        exactType: smallestIntervalFormat(joinIntervals(products)),
        intermediateTypes: { sum: smallestIntervalFormat(joinIntervals(sums)) },
      };
    },
    prepare(context, { exactType, intermediateTypes }, arithmetic) {
      const pooling = windows(context);
      const divisors = counts(context, pooling);
      const align = prepareAlignment(context.inputs[0], intermediateTypes?.sum.binaryPoint ?? 0, arithmetic);
      const factors = foldReciprocals(context, exactType.binaryPoint, arithmetic);
      return ([values]) => {
        const aligned = align(values);
        const result = arithmetic.allocate(pooling.outputs[0] * pooling.outputs[1] * pooling.channels);
        for (const { target, pixels } of windowsOf(pooling)) {
          const factor = factors[divisors.indexOf(pixels.length)];
          for (let channel = 0; channel < pooling.channels; channel++) {
            let sum = arithmetic.zero;
            for (const pixel of pixels) sum += aligned[pixel + channel];
            // Plus zero, since a number's -1 * 0 is -0.
            result[target + channel] = sum * factor + arithmetic.zero;
          }
        }
        return result;
      };
    },
    multiplications: (_context, typing) => elementCount(typing.shape),
    channels: (context) => sameChannels(context),
  };
}

/** The sums of `count` values. */
function repeat(interval: Interval, count: number): Interval {
  const times = BigInt(count);
  return { ...interval, minimum: interval.minimum * times, maximum: interval.maximum * times };
}

/** The reciprocals, aligned such that their products with sums stand at a binary point. */
export function foldReciprocals(
  { inputs: [operand], constants: { reciprocals } }: Pick<NodeContext, 'inputs' | 'constants'>,
  binaryPoint: number,
  arithmetic: Arithmetic,
): Scalars {
  const own = operandInterval(operand).binaryPoint;
  return foldConstant(reciprocals, () => own, binaryPoint, arithmetic);
}
