import { registerNativeKernel } from '../../tensorflow-node.js';
import { nativeCastGradientKernel, nativeCastKernel } from './cast.js';
import {
  nativeChannelAffineGradientKernel,
  nativeChannelAffineKernel,
  nativeChannelBiasGradientKernel,
  nativeChannelBiasKernel,
  nativeChannelMomentsKernel,
  nativeChannelSumsKernel,
  nativeNormalizationInputGradientKernel,
} from './channels.js';
import { nativeFilterGradientKernel, nativeInputGradientKernel } from './convolution.js';
import {
  nativeDepthwiseFilterGradientKernel,
  nativeDepthwiseInputGradientKernel,
  nativeDepthwiseKernel,
} from './depthwise.js';
import {
  nativeMaxPoolGradientKernel,
  nativeMaxPoolKernel,
  nativeSumPoolGradientKernel,
  nativeSumPoolKernel,
} from './pooling.js';
import { nativeWithinGradientKernel } from './within.js';

/** Registers the kernels of the native backend over their portable forms, and over those of tfjs-node. */
export function registerNativeKernels(): void {
  registerNativeKernel(nativeCastKernel);
  registerNativeKernel(nativeCastGradientKernel);

  registerNativeKernel(nativeChannelMomentsKernel);
  registerNativeKernel(nativeChannelAffineKernel);
  registerNativeKernel(nativeChannelAffineGradientKernel);
  registerNativeKernel(nativeChannelBiasKernel);
  registerNativeKernel(nativeChannelBiasGradientKernel);
  registerNativeKernel(nativeChannelSumsKernel);
  registerNativeKernel(nativeNormalizationInputGradientKernel);

  registerNativeKernel(nativeWithinGradientKernel);

  registerNativeKernel(nativeFilterGradientKernel);
  registerNativeKernel(nativeInputGradientKernel);
  registerNativeKernel(nativeDepthwiseKernel);
  registerNativeKernel(nativeDepthwiseFilterGradientKernel);
  registerNativeKernel(nativeDepthwiseInputGradientKernel);

  registerNativeKernel(nativeMaxPoolKernel);
  registerNativeKernel(nativeMaxPoolGradientKernel);
  registerNativeKernel(nativeSumPoolKernel);
  registerNativeKernel(nativeSumPoolGradientKernel);
}
