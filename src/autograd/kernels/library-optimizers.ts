import { numberIn, replaceUpdate } from '../tensorflow-optimizers.js';
import type { LibraryOptimizer, OptimizerKernel } from '../tensorflow-optimizers.js';
import { tf } from '../tensorflow.js';
import { adamKernel, descentKernel, momentumKernel } from './updates.js';
import type { AdamAttributes, DescentAttributes, MomentumAttributes } from './updates.js';

/** `tf.train.sgd`; the tensor is minus the learning rate. */
interface Descent {
  readonly c: tf.Tensor;
}

const descent: OptimizerKernel<Descent> = {
  kernelName: descentKernel.name,
  slots: [],
  attributes: ({ c }): DescentAttributes => ({ rate: -numberIn(c) }),
  fits: ({ c }) => c instanceof tf.Tensor,
};

/** `tf.train.momentum`. */
interface Momentum extends Descent {
  readonly m: tf.Tensor;
  readonly useNesterov: boolean;
  readonly accumulations: unknown[];
}

const momentum: OptimizerKernel<Momentum> = {
  kernelName: momentumKernel.name,
  slots: [{ field: 'accumulations', suffix: 'momentum', input: 'velocity' }],
  attributes: ({ c, m, useNesterov }): MomentumAttributes => ({
    rate: -numberIn(c),
    momentum: numberIn(m),
    nesterov: useNesterov,
  }),
  fits: ({ c, m, useNesterov, accumulations }) =>
    c instanceof tf.Tensor &&
    m instanceof tf.Tensor &&
    typeof useNesterov === 'boolean' &&
    Array.isArray(accumulations),
};

/** `tf.train.adam`; the variables are powers of its two constants. */
interface Adam {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly accBeta1: tf.Variable;
  readonly accBeta2: tf.Variable;
  readonly accumulatedFirstMoment: unknown[];
  readonly accumulatedSecondMoment: unknown[];
}

const adam: OptimizerKernel<Adam> = {
  kernelName: adamKernel.name,
  slots: [
    { field: 'accumulatedFirstMoment', suffix: 'm', input: 'first' },
    { field: 'accumulatedSecondMoment', suffix: 'v', input: 'second' },
  ],
  attributes: ({ learningRate, beta1, beta2, epsilon, accBeta1, accBeta2 }): AdamAttributes => ({
    rate: learningRate / (1 - numberIn(accBeta1)),
    correction: 1 / (1 - numberIn(accBeta2)),
    beta1,
    beta2,
    epsilon,
  }),
  finish: ({ beta1, beta2, accBeta1, accBeta2 }) => {
    accBeta1.assign(accBeta1.mul(beta1));
    accBeta2.assign(accBeta2.mul(beta2));
  },
  fits: ({ learningRate, beta1, beta2, epsilon, accBeta1, accBeta2, ...moments }) =>
    [learningRate, beta1, beta2, epsilon].every((number) => typeof number === 'number') &&
    [accBeta1, accBeta2].every((power) => power instanceof tf.Variable) &&
    [moments.accumulatedFirstMoment, moments.accumulatedSecondMoment].every((list) => Array.isArray(list)),
};

/** Lets `tf.train.sgd`, `momentum` and `adam` update weights by the kernels, so that `model.fit` does. */
export function replaceUpdates(): void {
  replaceUpdate(tf.SGDOptimizer.prototype as unknown as LibraryOptimizer, descent);
  replaceUpdate(tf.MomentumOptimizer.prototype as unknown as LibraryOptimizer, momentum);
  replaceUpdate(tf.AdamOptimizer.prototype as unknown as LibraryOptimizer, adam);
}
