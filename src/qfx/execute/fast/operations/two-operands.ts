import { placeIntegerCasts, uniformFormat, uniformShift, valuesOf } from '../lowering.js';
import type { Lower } from '../lowering.js';
import { fits } from '../storage.js';

/** How the kernel names what it does with two operands. */
const kinds = { subtract: 1, multiply: 2, maximum: 3, minimum: 4 };

/** Subtract, multiply, maximum and minimum on integers of 64 bits. */
export function twoOperands(operation: keyof typeof kinds): Lower {
  return (lowering) => {
    const { node, inputs, output, kernels } = lowering;
    const [first, second] = inputs;
    // Values that are multiplied stay where they are: the product stands at the sum of their binary points.
    const shifts = inputs.map((input) =>
      operation === 'multiply'
        ? uniformFormat(input, 64) && 0
        : uniformShift(input.format, node.exactType.binaryPoint, 64),
    );
    const [firstShift, secondShift] = shifts;
    if (firstShift === undefined || secondShift === undefined) return undefined;
    if (![node.exactType, ...Object.values(node.intermediateTypes)].every((format) => fits(format, 64)))
      return undefined;
    const casts = placeIntegerCasts(lowering, { shape: node.shape, format: node.exactType });
    if (!casts) return undefined;
    const places = [...valuesOf(first), firstShift, ...valuesOf(second), secondShift, ...valuesOf(output)] as const;
    return {
      path: 'int64',
      run: (images) => kernels.combineTwoIntegers(kinds[operation], ...places, images * output.count, ...casts),
    };
  };
}
