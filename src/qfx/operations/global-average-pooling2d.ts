import { averageOf } from './average.js';
import { noAttributes } from './checks.js';
import { layer } from './operation.js';
import { countTaps, globalWindow } from './pooling.js';

/** The average of each channel: [height, width, channels] gives [channels]. */
export const globalAveragePooling2d = averageOf(
  { name: 'global-average-pooling2d', attributes: noAttributes },
  globalWindow,
  ({ name }, windows) => countTaps(windows, layer(name)),
  ({ channels }) => [channels],
);
