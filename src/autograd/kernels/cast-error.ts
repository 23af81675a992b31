import { elementCount } from '../../qfx/number/shape.js';
import type { HeapKernel } from '../tensorflow-heap.js';
import type { PlainKernel } from '../tensorflow-kernels.js';
import type { Assembly } from './assembly.js';
import { castValues } from './cast.js';
import type { CastAttributes } from './cast.js';
import { castTable, hasExactLanes } from './cast-table.js';

/**
 * `QfxCastError`: x -> [channels], the sum of (x - cast(x))^2 over the values of each binary point. Squares are all positive,
 * so that the sum, which is rounded to float32 in the end, is right to one part in a million; not finite where an x is not.
 */
export const castErrorKernel: PlainKernel<CastAttributes> = {
  name: 'QfxCastError',
  inputs: ['x'],
  outputShapes: (_shapes, { binaryPoints }) => [[binaryPoints.length]],
  compute: ([x], [errors], _shapes, attributes) => {
    const channels = errors.length;
    const y = new Float32Array(x.length);
    castValues(x, y, attributes);
    const sums = new Float64Array(channels);
    for (let index = 0; index < x.length; index++) sums[index % channels] += (x[index] - y[index]) ** 2;
    errors.set(sums);
  },
};

/** The same on the heap. */
export const castErrorHeapKernel: HeapKernel<CastAttributes, Assembly> = {
  ...castErrorKernel,
  serves: (_shapes, attributes) => hasExactLanes(attributes),
  compute: ({ functions, inputs: [x], outputs: [errors], inputShapes: [shape], attributes, scratch, write }) => {
    const { period, values, addresses } = castTable(attributes);
    const table = scratch(values.length + 3 * period);
    write(table, values);
    const { scales, steps, free } = addresses(table);
    const channels = attributes.binaryPoints.length;
    functions.castError(x, errors, elementCount(shape), period, channels, scales, steps, table, free);
  },
};
