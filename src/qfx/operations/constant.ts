import type { IntegerTensor } from '../number/raw-array.js';
import { spreadAt } from '../number/type.js';
import type { Arithmetic, Scalars } from './scalars.js';

/**
 * The elements of a constant, shifted left such that their products with an operand's own raw integers (or the constant
 * itself, where the operand's binary point is 0) stand at the result's binary point.
 * @param operandBinaryPoint for each element the binary point of what it is multiplied with; undefined where that is 0 of no width
 */
export function foldConstant(
  { raw, shape, format }: IntegerTensor,
  operandBinaryPoint: (index: number) => number | undefined,
  binaryPoint: number,
  arithmetic: Arithmetic,
): Scalars {
  const folded = arithmetic.allocate(raw.length);
  for (let index = 0; index < raw.length; index++) {
    const operand = operandBinaryPoint(index);
    // What is 0, or only ever meets 0, has no product to align.
    if (!raw[index] || operand === undefined) continue;
    const shift = binaryPoint - operand - spreadAt(format.binaryPoint, shape, index);
    folded[index] = arithmetic.scalar(raw[index]) * arithmetic.powerOfTwo(shift);
  }
  return folded;
}
