import { z } from 'zod';
import { paddingAmounts } from './checks.js';
import { movedPixels } from './moved-pixels.js';

const attributes = z.strictObject({ padding: paddingAmounts });
export type ZeroPadding2dAttributes = z.infer<typeof attributes>;

/** Rows and columns of zeros around [height, width, channels]. */
export const zeroPadding2d = movedPixels<ZeroPadding2dAttributes>(
  { name: 'zero-padding2d', attributes },
  ([height, width], { padding: [top, bottom, left, right] }) => ({
    outputs: [top + height + bottom, left + width + right],
    source(row, column) {
      const [y, x] = [row - top, column - left];
      return y >= 0 && y < height && x >= 0 && x < width ? y * width + x : undefined;
    },
  }),
);
