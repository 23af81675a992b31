import { expect } from 'vitest';
import { startBackend, tf } from '../../../src/autograd/tensorflow.js';

/** Numbers of one tensor, free of any backend. */
export interface Numbers {
  readonly shape: number[];
  readonly values: Float32Array;
}

/** A repeatable source of numbers in [0, 1). */
export function randomSource(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function randomNumbers(shape: number[], random: () => number): Numbers {
  const count = shape.reduce((product, size) => product * size, 1);
  return { shape, values: Float32Array.from({ length: count }, () => 2 * random() - 1) };
}

/** A whole number from `minimum` to `maximum`. */
export function pick(random: () => number, minimum: number, maximum: number): number {
  return minimum + Math.floor(random() * (maximum - minimum + 1));
}

export function toTensor({ values, shape }: Numbers): tf.Tensor {
  return tf.tensor(values, shape, 'float32');
}

export function toNumbers(tensor: tf.Tensor): Numbers {
  return { shape: tensor.shape, values: Float32Array.from(tensor.dataSync()) };
}

/** Value and gradients of `operation` on the current backend, for a given gradient of its result. */
export function gradientsOf(
  operation: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: Numbers[],
  dy: (value: tf.Tensor) => Numbers,
): { value: Numbers; gradients: Numbers[] } {
  return tf.tidy(() => {
    const tensors = inputs.map(toTensor);
    const value = operation(...tensors);
    const gradients = tf.grads(operation)(tensors, toTensor(dy(value)));
    return { value: toNumbers(value), gradients: gradients.map(toNumbers) } as unknown as tf.TensorContainer;
  }) as unknown as { value: Numbers; gradients: Numbers[] };
}

/** The same on wasm, with QFX's kernels, and on the library's own cpu backend. */
export async function onBothBackends(
  operation: (...inputs: tf.Tensor[]) => tf.Tensor,
  inputs: Numbers[],
  random: () => number,
) {
  await startBackend('cpu');
  let dy: Numbers | undefined;
  const makeGradient = (value: tf.Tensor) => (dy ??= randomNumbers(value.shape, random));
  const reference = gradientsOf(operation, inputs, makeGradient);
  await startBackend('wasm');
  const tested = gradientsOf(operation, inputs, makeGradient);
  return { reference, tested };
}

/** Gradients are floating-point sums in another order: they may differ by 1e-5 of the largest element. */
export function expectClose(tested: Numbers, reference: Numbers, what: string): void {
  expect(tested.shape, what).toEqual(reference.shape);
  const largest = reference.values.reduce((maximum, value) => Math.max(maximum, Math.abs(value)), 0);
  for (let index = 0; index < reference.values.length; index++) {
    const difference = Math.abs(tested.values[index] - reference.values[index]);
    // Written so that NaN fails.
    if (!(difference <= 1e-5 * largest)) {
      expect.fail(`${what}: element ${index} is ${tested.values[index]}, expected ${reference.values[index]}`);
    }
  }
}

/** How often a kernel runs on wasm while something is done. */
export async function countRuns(kernelName: string, act: () => Promise<void> | void): Promise<number> {
  const kernel = tf.getKernel(kernelName, 'wasm');
  let runs = 0;
  const replace = (kernelFunc: typeof kernel.kernelFunc) => {
    tf.unregisterKernel(kernelName, 'wasm');
    tf.registerKernel({ ...kernel, kernelFunc });
  };
  replace((call) => {
    runs++;
    return kernel.kernelFunc(call);
  });
  try {
    await act();
  } finally {
    replace(kernel.kernelFunc);
  }
  return runs;
}
