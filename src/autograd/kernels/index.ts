import {
  registerComposedKernel,
  registerHeapKernel,
  registerPlainKernel,
  shareUnchangedTensors,
} from '../tensorflow.js';
import type { BackendName } from '../tensorflow.js';
import { assembly } from './assembly.generated.js';
import { castGradientHeapKernel, castGradientKernel, castHeapKernel, castKernel } from './cast.js';
import { castErrorHeapKernel, castErrorKernel } from './cast-error.js';
import { exactCastKernel } from './exact-cast.js';
import { channelHeapKernels, channelKernels } from './channels.js';
import { normalizationInputGradientHeapKernel, normalizationKernels } from './normalization.js';
import {
  convolutionKernels,
  filterGradientKernel,
  inputGradientKernel,
  replaceConvolutionGradient,
} from './convolution.js';
import { spreadKernel, turnFilterKernel } from './convolution.js';
import { depthwiseFilterGradientKernel, depthwiseInputGradientKernel, replaceDepthwiseGradient } from './depthwise.js';
import { fusedMatMulKernel, matMulKernel } from './matmul.js';
import { averagePoolGradientKernel, maxPoolGradientKernel } from './pooling.js';
import { sumPoolGradientKernel, sumPoolKernel } from './pooling.js';
import { segmentSumKernel } from './segment-sum.js';

const registered = new Set<BackendName>();

/**
 * Registers QFX's kernels on a backend, in place of the library's own where it has one, and their gradients.
 * Calling it again does nothing.
 */
export function registerKernels(backend: BackendName): void {
  if (registered.has(backend)) return;
  registered.add(backend);

  registerPlainKernel(backend, castKernel);
  registerPlainKernel(backend, castGradientKernel);
  registerPlainKernel(backend, castErrorKernel);
  registerPlainKernel(backend, exactCastKernel);

  for (const kernel of channelKernels) registerPlainKernel(backend, kernel);
  for (const kernel of normalizationKernels) registerPlainKernel(backend, kernel);

  registerPlainKernel(backend, turnFilterKernel);
  registerPlainKernel(backend, spreadKernel);
  registerComposedKernel(backend, filterGradientKernel);
  registerComposedKernel(backend, inputGradientKernel);
  registerPlainKernel(backend, depthwiseFilterGradientKernel);
  registerPlainKernel(backend, depthwiseInputGradientKernel);
  replaceConvolutionGradient();
  replaceDepthwiseGradient();

  registerPlainKernel(backend, maxPoolGradientKernel);
  registerPlainKernel(backend, averagePoolGradientKernel);
  registerPlainKernel(backend, sumPoolKernel);
  registerPlainKernel(backend, sumPoolGradientKernel);

  registerPlainKernel(backend, segmentSumKernel);
  if (backend === 'wasm') {
    for (const kernel of convolutionKernels) registerComposedKernel(backend, kernel);
    registerComposedKernel(backend, matMulKernel);
    registerComposedKernel(backend, fusedMatMulKernel);
    shareUnchangedTensors();
    // Over all of the above, which stay as their portable forms.
    registerHeapKernel(castHeapKernel, assembly);
    registerHeapKernel(castGradientHeapKernel, assembly);
    registerHeapKernel(castErrorHeapKernel, assembly);
    for (const kernel of channelHeapKernels) registerHeapKernel(kernel, assembly);
    registerHeapKernel(normalizationInputGradientHeapKernel, assembly);
  }
}
