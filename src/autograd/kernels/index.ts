import { registerHeapKernel } from '../tensorflow-heap.js';
import { registerComposedKernel, registerPlainKernel, shareUnchangedTensors } from '../tensorflow-kernels.js';
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
import { crossEntropyHeapKernel, crossEntropyKernel, replaceCrossEntropy } from './cross-entropy.js';
import { depthwiseFilterGradientKernel, depthwiseInputGradientKernel, replaceDepthwiseGradient } from './depthwise.js';
import { convolutionHeapKernel, filterGradientHeapKernel, inputGradientHeapKernel } from './direct-convolution.js';
import {
  depthwiseFilterGradientHeapKernel,
  depthwiseHeapKernel,
  depthwiseInputGradientHeapKernel,
} from './direct-depthwise.js';
import { replaceUpdates } from './library-optimizers.js';
import { fusedMatMulKernel, matMulHeapKernel, matMulKernel } from './matmul.js';
import { registerNativeKernels } from './native/index.js';
import { averagePoolGradientKernel, maxPoolGradientKernel } from './pooling.js';
import { averagePoolGradientHeapKernel, maxPoolGradientHeapKernel } from './pooling.js';
import { sumPoolGradientHeapKernel, sumPoolGradientKernel, sumPoolHeapKernel, sumPoolKernel } from './pooling.js';
import { addRowsHeapKernel, sumRowsHeapKernel } from './rows.js';
import { functionGradientKernel, functionKernel, tableKernel } from './scalar-function.js';
import { segmentSumKernel } from './segment-sum.js';
import { softmaxGradientKernel, softmaxKernel } from './softmax.js';
import {
  adamHeapKernel,
  adamKernel,
  descentHeapKernel,
  descentKernel,
  momentumHeapKernel,
  momentumKernel,
} from './updates.js';
import { replaceWithinGradients, withinGradientHeapKernel, withinGradientKernel } from './within.js';

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
  registerPlainKernel(backend, sumPoolKernel);
  registerPlainKernel(backend, sumPoolGradientKernel);

  registerPlainKernel(backend, functionKernel);
  registerPlainKernel(backend, functionGradientKernel);
  registerPlainKernel(backend, tableKernel);
  registerPlainKernel(backend, softmaxKernel);
  registerPlainKernel(backend, softmaxGradientKernel);

  registerPlainKernel(backend, withinGradientKernel);
  replaceWithinGradients();

  registerPlainKernel(backend, crossEntropyKernel);
  replaceCrossEntropy();
  registerPlainKernel(backend, descentKernel);
  registerPlainKernel(backend, momentumKernel);
  registerPlainKernel(backend, adamKernel);
  replaceUpdates();

  // TensorFlow's own are right.
  if (backend !== 'tensorflow') {
    registerPlainKernel(backend, averagePoolGradientKernel);
    registerPlainKernel(backend, segmentSumKernel);
  }

  if (backend === 'tensorflow') registerNativeKernels();
  if (backend === 'wasm') {
    for (const kernel of convolutionKernels) registerComposedKernel(backend, kernel);
    registerComposedKernel(backend, matMulKernel);
    registerComposedKernel(backend, fusedMatMulKernel);
    shareUnchangedTensors();
    // Over all of the above, which stay as their portable forms.
    registerHeapKernel(convolutionHeapKernel, assembly);
    registerHeapKernel(filterGradientHeapKernel, assembly);
    registerHeapKernel(inputGradientHeapKernel, assembly);
    registerHeapKernel(depthwiseHeapKernel, assembly);
    registerHeapKernel(depthwiseInputGradientHeapKernel, assembly);
    registerHeapKernel(depthwiseFilterGradientHeapKernel, assembly);
    registerHeapKernel(matMulHeapKernel, assembly);
    registerHeapKernel(withinGradientHeapKernel, assembly);
    registerHeapKernel(addRowsHeapKernel, assembly);
    registerHeapKernel(sumRowsHeapKernel, assembly);
    registerHeapKernel(maxPoolGradientHeapKernel, assembly);
    registerHeapKernel(averagePoolGradientHeapKernel, assembly);
    registerHeapKernel(sumPoolHeapKernel, assembly);
    registerHeapKernel(sumPoolGradientHeapKernel, assembly);
    registerHeapKernel(castHeapKernel, assembly);
    registerHeapKernel(castGradientHeapKernel, assembly);
    registerHeapKernel(castErrorHeapKernel, assembly);
    for (const kernel of channelHeapKernels) registerHeapKernel(kernel, assembly);
    registerHeapKernel(normalizationInputGradientHeapKernel, assembly);
    registerHeapKernel(crossEntropyHeapKernel, assembly);
    registerHeapKernel(descentHeapKernel, assembly);
    registerHeapKernel(momentumHeapKernel, assembly);
    registerHeapKernel(adamHeapKernel, assembly);
  }
}
