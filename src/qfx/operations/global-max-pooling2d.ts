import { noAttributes } from './checks.js';
import { maximumOf } from './window-maximum.js';
import { globalWindow } from './pooling.js';

/** The largest value of each channel: [height, width, channels] gives [channels]. */
export const globalMaxPooling2d = maximumOf(
  { name: 'global-max-pooling2d', attributes: noAttributes },
  globalWindow,
  ({ channels }) => [channels],
);
