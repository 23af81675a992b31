import { z } from 'zod';
import { positivePair } from './checks.js';
import { movedPixels } from './moved-pixels.js';

const attributes = z.strictObject({
  /** How often each row and each column comes. */
  size: positivePair,
});
export type UpSampling2dAttributes = z.infer<typeof attributes>;

/** Every pixel of [height, width, channels] as a rectangle of equal ones (nearest neighbour). */
export const upSampling2d = movedPixels<UpSampling2dAttributes>(
  { name: 'up-sampling2d', attributes },
  ([height, width], { size: [rows, columns] }) => ({
    outputs: [height * rows, width * columns],
    source: (row, column) => Math.floor(row / rows) * width + Math.floor(column / columns),
  }),
);
