import { z } from 'zod';
import { QfxError } from '../errors.js';
import { averageOf } from './average.js';
import { positiveInteger } from './checks.js';
import { describeShape, layer } from './operation.js';
import type { NodeContext } from './operation.js';
import { countTaps, poolingAttributes, poolingWindows } from './pooling.js';
import type { PoolingWindows } from './pooling.js';

const attributes = z.strictObject({
  ...poolingAttributes.shape,
  /** The distinct numbers of taps on the image, over all windows, ascending; one reciprocal for each. */
  counts: z.array(positiveInteger).min(1),
});
export type AveragePooling2dAttributes = z.infer<typeof attributes>;

/** The average of the taps on the image under a window that slides over [height, width, channels]. */
export const averagePooling2d = averageOf<AveragePooling2dAttributes>(
  { name: 'average-pooling2d', attributes },
  poolingWindows,
  checkedCounts,
  ({ outputs, channels }) => [...outputs, channels],
);

function checkedCounts(context: NodeContext<AveragePooling2dAttributes>, windows: PoolingWindows): readonly number[] {
  const { counts } = context.attributes;
  const found = countTaps(windows, layer(context.name));
  if (describeShape(counts) === describeShape(found)) return counts;
  throw new QfxError(
    layer(context.name),
    `counts are ${describeShape(counts)}, its windows have ${describeShape(found)} taps on the image`,
  );
}
