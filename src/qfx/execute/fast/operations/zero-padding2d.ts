import type { ZeroPadding2dAttributes } from '../../../operations/zero-padding2d.js';
import type { Lowered, Lowering } from '../lowering.js';
import { movedPixels } from './moved-pixels.js';

/** Row by row to where the padding leaves off. */
export function zeroPadding2d(lowering: Lowering<ZeroPadding2dAttributes>): Lowered | undefined {
  const { inputs, output, context } = lowering;
  const [height, width] = inputs[0].shape;
  const [top, , left] = context.attributes.padding;
  const rows = Array.from({ length: height }, (_, row) => {
    return { from: row * width, to: (row + top) * output.shape[1] + left, pixels: width, step: 1 };
  });
  return movedPixels(lowering, rows);
}
