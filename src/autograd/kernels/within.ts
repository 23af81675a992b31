import { elementCount } from '../../qfx/number/shape.js';
import { replaceGradient, runKernel } from '../tensorflow.js';
import type { HeapKernel } from '../tensorflow-heap.js';
import type { PlainKernel } from '../tensorflow-kernels.js';
import type { tf } from '../tensorflow.js';
import type { Assembly } from './assembly.js';
import { smallestPositive } from './cast-table.js';

/** Gradients of functions that are the identity within bounds and constant outside: ReLU, ReLU6, clipping. */

export interface Bounds {
  readonly lower: number;
  readonly upper: number;
}

/** `QfxWithinGrad`: x, dy -> dy where lower <= x <= upper, else 0. */
export const withinGradientKernel: PlainKernel<Bounds> = {
  name: 'QfxWithinGrad',
  inputs: ['x', 'dy'],
  outputShapes: ([x]) => [x],
  compute: ([x, dy], [dx], _shapes, { lower, upper }) => {
    const [lowest, highest] = [Math.fround(lower), Math.fround(upper)];
    for (let index = 0; index < x.length; index++) {
      dx[index] = x[index] >= lowest && x[index] <= highest ? dy[index] : 0;
    }
  },
};

/** The same on the heap. */
export const withinGradientHeapKernel: HeapKernel<Bounds, Assembly> = {
  ...withinGradientKernel,
  compute: ({ functions, inputs: [x, dy], outputs: [dx], inputShapes: [shape], attributes: { lower, upper } }) =>
    functions.passWithin(x, dy, dx, elementCount(shape), lower, upper),
};

/** ReLU has no slope at 0: it starts at the smallest float32 above. */
const aboveZero = smallestPositive;

/** The library's gradients multiply masks that its slow comparisons make. */
export function replaceWithinGradients(): void {
  replaceWithinGradient('Relu', () => ({ lower: aboveZero, upper: Infinity }));
  replaceWithinGradient('Relu6', () => ({ lower: aboveZero, upper: 6 }));
  replaceWithinGradient('ClipByValue', (attributes) => {
    const { clipValueMin: lower, clipValueMax: upper } = attributes as Record<'clipValueMin' | 'clipValueMax', number>;
    return { lower, upper };
  });
}

function replaceWithinGradient(kernelName: string, bounds: (attributes: object) => Bounds): void {
  const { name } = withinGradientKernel;
  const gradient = (dy: tf.Tensor, [x]: readonly tf.Tensor[], attributes: object) => [
    () => runKernel(name, { x, dy }, bounds(attributes))[0],
  ];
  replaceGradient(kernelName, ['x'], gradient, name);
}
