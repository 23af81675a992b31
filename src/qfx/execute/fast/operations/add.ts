import { exactOutput, placeIntegerCasts, placeLaneCast, uniformShift, valuesOf } from '../lowering.js';
import type { Lowered, Lowering, Place } from '../lowering.js';
import { fits } from '../storage.js';

/** How kernels name a sum. */
const sumOfTwo = 0;

/** One kind of addition: of two operands, the first `images` images of them. */
type AddTwo = (a: Place, aShift: number, b: Place, bShift: number, to: Place, images: number) => void;

/** Sums of two operands at a time; between them the exact sum is kept, whose partial sums its type is proven to hold. */
export function add(lowering: Lowering): Lowered | undefined {
  return addLanes(lowering) ?? addIntegers(lowering);
}

function addLanes(lowering: Lowering): Lowered | undefined {
  const { node, output, kernels, arena } = lowering;
  const cast = placeLaneCast(lowering, node.exactType);
  if (cast === undefined || !fits(node.exactType, 32)) return undefined;
  const none = placeLaneCast({ arena, output: exactOutput(lowering, 32) }, node.exactType);
  if (none === undefined) return undefined;
  return chain(lowering, 32, (a, aShift, b, bShift, to, images) => {
    const own = to === output ? cast : none;
    const places = [...valuesOf(a), aShift, ...valuesOf(b), bShift, ...valuesOf(to)] as const;
    kernels.combineTwo(sumOfTwo, ...places, images * to.count, own);
  });
}

function addIntegers(lowering: Lowering): Lowered | undefined {
  const { node, output, kernels, arena } = lowering;
  if (!fits(node.exactType, 64)) return undefined;
  const exact = { shape: node.shape, format: node.exactType };
  const casts = placeIntegerCasts(lowering, exact);
  const none = placeIntegerCasts({ arena, output: exactOutput(lowering, 64) }, exact);
  if (!casts || !none) return undefined;
  return chain(lowering, 64, (a, aShift, b, bShift, to, images) => {
    const own = to === output ? casts : none;
    const places = [...valuesOf(a), aShift, ...valuesOf(b), bShift, ...valuesOf(to)] as const;
    kernels.combineTwoIntegers(sumOfTwo, ...places, images * to.count, ...own);
  });
}

function chain(lowering: Lowering, bits: 32 | 64, addTwo: AddTwo): Lowered | undefined {
  const { node, inputs, output, scratch, images: most } = lowering;
  const shifts: number[] = [];
  for (const { format } of inputs) {
    const shift = uniformShift(format, node.exactType.binaryPoint, bits);
    if (shift === undefined) return undefined;
    shifts.push(shift);
  }
  const last = inputs.length - 1;
  if (last > 1) scratch.reserve(most * output.count * (bits / 8));
  return {
    path: bits === 32 ? 'int32' : 'int64',
    run(images) {
      const exact = { ...exactOutput(lowering, bits), address: scratch.address };
      addTwo(inputs[0], shifts[0], inputs[1], shifts[1], last === 1 ? output : exact, images);
      for (let operand = 2; operand <= last; operand++) {
        addTwo(exact, 0, inputs[operand], shifts[operand], operand === last ? output : exact, images);
      }
    },
  };
}
