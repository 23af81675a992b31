import { placeIntegerCasts, placeLaneCast, uniformFormat, uniformShift, valuesOf } from '../lowering.js';
import type { Lower, Lowering } from '../lowering.js';
import { fits } from '../storage.js';

/** How kernels name what they do with two operands. */
const kinds = { subtract: 1, multiply: 2, maximum: 3, minimum: 4 };
type Kind = keyof typeof kinds;

/** Subtract, multiply, maximum and minimum. */
export function twoOperands(operation: Kind): Lower {
  return (lowering) => {
    const { node, output, kernels } = lowering;
    const lanes = alignedPlaces(lowering, operation, 32);
    const cast = placeLaneCast(lowering, node.exactType);
    if (lanes && cast !== undefined) {
      return {
        path: 'int32',
        run: (images) => kernels.combineTwo(kinds[operation], ...lanes, images * output.count, cast),
      };
    }
    const integers = alignedPlaces(lowering, operation, 64);
    const casts = placeIntegerCasts(lowering, { shape: node.shape, format: node.exactType });
    if (!integers || !casts) return undefined;
    return {
      path: 'int64',
      run: (images) => kernels.combineTwoIntegers(kinds[operation], ...integers, images * output.count, ...casts),
    };
  };
}

/** Where operands and results lie, and how far operands are shifted; undefined where anything needs more than `bits` bits. */
function alignedPlaces({ node, inputs: [first, second], output }: Lowering, operation: Kind, bits: 32 | 64) {
  const shiftOf = (input: typeof first) => {
    // Values that are multiplied stay where they are: the product stands at the sum of their binary points.
    if (operation === 'multiply') return uniformFormat(input, bits) && 0;
    return uniformShift(input.format, node.exactType.binaryPoint, bits);
  };
  const [firstShift, secondShift] = [shiftOf(first), shiftOf(second)];
  if (firstShift === undefined || secondShift === undefined) return undefined;
  const formats = [node.exactType, ...Object.values(node.intermediateTypes)];
  if (!formats.every((format) => fits(format, bits))) return undefined;
  return [...valuesOf(first), firstShift, ...valuesOf(second), secondShift, ...valuesOf(output)] as const;
}
