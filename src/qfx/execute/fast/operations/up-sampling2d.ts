import type { UpSampling2dAttributes } from '../../../operations/up-sampling2d.js';
import type { Lowered, Lowering } from '../lowering.js';
import { movedPixels } from './moved-pixels.js';
import type { PixelCopy } from './moved-pixels.js';

/** Each row of the image as often as it comes, and its pixels as often as they do. */
export function upSampling2d(lowering: Lowering<UpSampling2dAttributes>): Lowered | undefined {
  const { inputs, output, context } = lowering;
  const [, width] = inputs[0].shape;
  const [rows, columns] = context.attributes.size;
  const copies: PixelCopy[] = [];
  for (let row = 0; row < output.shape[0]; row++) {
    for (let column = 0; column < columns; column++) {
      const from = Math.floor(row / rows) * width;
      copies.push({ from, to: row * output.shape[1] + column, pixels: width, step: columns });
    }
  }
  return movedPixels(lowering, copies);
}
