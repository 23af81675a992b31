import { registerPlainKernel } from '../tensorflow.js';
import type { BackendName } from '../tensorflow.js';
import { castGradientKernel, castKernel } from './cast.js';

/** Registers all of QFX's kernels on a backend, in place of the library's own where it has one. */
export function registerKernels(backend: BackendName): void {
  registerPlainKernel(backend, castKernel);
  registerPlainKernel(backend, castGradientKernel);
}
