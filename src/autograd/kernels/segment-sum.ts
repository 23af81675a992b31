import type { PlainKernel } from '../tensorflow-kernels.js';

/** `UnsortedSegmentSum`: x [n, ...], segmentIds [n] -> [numSegments, ...]: the gradient of `gather`, which wasm lacks. */
export const segmentSumKernel: PlainKernel<{ readonly numSegments: number }> = {
  name: 'UnsortedSegmentSum',
  inputs: ['x', 'segmentIds'],
  outputShapes: ([[, ...rest]], { numSegments }) => [[numSegments, ...rest]],
  compute: ([x, segmentIds], [y], _shapes, { numSegments }) => {
    const size = x.length / segmentIds.length;
    y.fill(0);
    for (let row = 0; row < segmentIds.length; row++) {
      const segment = segmentIds[row];
      if (segment < 0 || segment >= numSegments) continue;
      for (let index = 0; index < size; index++) y[segment * size + index] += x[row * size + index];
    }
  },
};
