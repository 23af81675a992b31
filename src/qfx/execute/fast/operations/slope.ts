import type { SlopeFactors } from '../../../operations/slope.js';
import { placeIntegerCasts, toInt64, valuesOf } from '../lowering.js';
import type { Lowered, Lowering } from '../lowering.js';
import { fits } from '../storage.js';

/** x * positive or x * negative, by the sign of x, on integers of 64 bits. */
export function slopes<Attributes>(lowering: Lowering<Attributes>, factors: SlopeFactors): Lowered | undefined {
  const { node, output, kernels, arena } = lowering;
  const [input] = lowering.inputs;
  const casts = placeIntegerCasts(lowering, { shape: node.shape, format: node.exactType });
  const [positive, negative] = [toInt64(factors.positive), toInt64(factors.negative)];
  if (!casts || !positive || !negative || !fits(input.format, 64) || !fits(node.exactType, 64)) return undefined;
  const constants = [arena.constant(positive), arena.constant(negative), positive.length] as const;
  return {
    path: 'int64',
    run: (images) =>
      kernels.slopeIntegers(...valuesOf(input), ...valuesOf(output), images * input.count, ...constants, ...casts),
  };
}
