import { placeIntegerCasts, uniformFormat, valuesOf } from '../lowering.js';
import type { Lowered, Lowering } from '../lowering.js';

/** Values of one format are compared as they are. */
export function argmax(lowering: Lowering): Lowered | undefined {
  const { node, output, kernels } = lowering;
  const [input] = lowering.inputs;
  const casts = placeIntegerCasts(lowering, { shape: node.shape, format: node.exactType });
  if (!casts || !uniformFormat(input, 64)) return undefined;
  const channels = input.shape[input.shape.length - 1];
  return {
    path: 'int64',
    run(images) {
      kernels.largestIndex(...valuesOf(input), ...valuesOf(output), images * output.count, channels, ...casts);
    },
  };
}
