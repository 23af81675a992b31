import { maximumOf } from './window-maximum.js';
import { poolingAttributes, poolingWindows } from './pooling.js';

/** The largest value under a window that slides over [height, width, channels]. */
export const maxPooling2d = maximumOf(
  { name: 'max-pooling2d', attributes: poolingAttributes },
  poolingWindows,
  ({ outputs, channels }) => [...outputs, channels],
);
