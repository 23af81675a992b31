import { elementCount } from '../../qfx/number/shape.js';
import type { HeapKernel } from '../tensorflow-heap.js';
import type { PlainKernel } from '../tensorflow-kernels.js';
import type { Assembly } from './assembly.js';

/**
 * Updates of a weight by its gradient, with what an optimiser remembers of earlier gradients. Steps are taken in doubles, what is
 * remembered is float32. Outputs may be the inputs themselves.
 */

export interface DescentAttributes {
  /** The learning rate. */
  readonly rate: number;
}

/** `QfxDescent`: x, gradient -> x - rate * gradient. */
export const descentKernel: PlainKernel<DescentAttributes> = {
  name: 'QfxDescent',
  inputs: ['x', 'gradient'],
  outputShapes: ([x]) => [x],
  compute: ([x, gradient], [y], _shapes, { rate }) => {
    for (let index = 0; index < x.length; index++) y[index] = x[index] - rate * gradient[index];
  },
};

export interface MomentumAttributes extends DescentAttributes {
  readonly momentum: number;
  readonly nesterov: boolean;
}

/** `QfxMomentum`: x, gradient, velocity -> x - rate * v, v = momentum * velocity + gradient (Nesterov: gradient + momentum * v for v). */
export const momentumKernel: PlainKernel<MomentumAttributes> = {
  name: 'QfxMomentum',
  inputs: ['x', 'gradient', 'velocity'],
  outputShapes: ([x]) => [x, x],
  compute: ([x, gradient, velocity], [y, v], _shapes, { rate, momentum, nesterov }) => {
    for (let index = 0; index < x.length; index++) {
      const slope = gradient[index];
      v[index] = momentum * velocity[index] + slope;
      y[index] = x[index] - rate * (nesterov ? momentum * v[index] + slope : v[index]);
    }
  },
};

export interface AdamAttributes {
  /** The learning rate divided by 1 - beta1^updates. */
  readonly rate: number;
  /** 1 / (1 - beta2^updates). */
  readonly correction: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** `QfxAdam`: x, gradient, first, second -> x - rate * m / (sqrt(v * correction) + epsilon), and the new moments m and v. */
export const adamKernel: PlainKernel<AdamAttributes> = {
  name: 'QfxAdam',
  inputs: ['x', 'gradient', 'first', 'second'],
  outputShapes: ([x]) => [x, x, x],
  compute: ([x, gradient, first, second], [y, m, v], _shapes, { rate, correction, beta1, beta2, epsilon }) => {
    for (let index = 0; index < x.length; index++) {
      const slope = gradient[index];
      m[index] = beta1 * first[index] + (1 - beta1) * slope;
      v[index] = beta2 * second[index] + (1 - beta2) * slope * slope;
      y[index] = x[index] - (rate * m[index]) / (Math.sqrt(v[index] * correction) + epsilon);
    }
  },
};

/** The same on the heap, bit by bit. */
export const descentHeapKernel: HeapKernel<DescentAttributes, Assembly> = {
  ...descentKernel,
  compute: ({ functions, inputs: [x, gradient], outputs: [y], inputShapes: [shape], attributes: { rate } }) =>
    functions.descend(x, gradient, y, elementCount(shape), rate),
};

/** The same on the heap, bit by bit. */
export const momentumHeapKernel: HeapKernel<MomentumAttributes, Assembly> = {
  ...momentumKernel,
  compute({ functions, inputs: [x, gradient, velocity], outputs: [y, v], inputShapes: [shape], attributes }) {
    const { rate, momentum, nesterov } = attributes;
    functions.momentum(x, gradient, velocity, y, v, elementCount(shape), rate, momentum, nesterov);
  },
};

/** The same on the heap, bit by bit. */
export const adamHeapKernel: HeapKernel<AdamAttributes, Assembly> = {
  ...adamKernel,
  compute({ functions, inputs: [x, gradient, first, second], outputs: [y, m, v], inputShapes: [shape], attributes }) {
    const { rate, correction, beta1, beta2, epsilon } = attributes;
    const count = elementCount(shape);
    functions.adam(x, gradient, first, second, y, m, v, count, rate, correction, beta1, beta2, epsilon);
  },
};
