import { isIdentity } from '../cast.js';
import { placeIntegerCasts, placeLaneCast, valuesOf } from '../lowering.js';
import type { Lowered, Lowering } from '../lowering.js';

/** Flatten, reshape and requantize: nothing but a cast, or not even that. */
export function passThrough(lowering: Lowering): Lowered | undefined {
  const { output, kernels } = lowering;
  const [input] = lowering.inputs;
  const cast = placeLaneCast(lowering, input.format);
  if (cast !== undefined && input.storage !== 3) {
    const run = (images: number) => {
      kernels.castRows(...valuesOf(input), 0, ...valuesOf(output), 0, 1, images * input.count, cast);
    };
    return { path: isIdentity(input, output) ? 'copy' : 'int32', run };
  }
  const casts = placeIntegerCasts(lowering, input);
  if (!casts) return undefined;
  return {
    path: 'int64',
    run: (images) => kernels.castIntegers(...valuesOf(input), ...valuesOf(output), images * input.count, ...casts),
  };
}
