import { registerNativeKernel } from '../../tensorflow-node.js';
import { nativeCastGradientKernel, nativeCastKernel } from './cast.js';
import { nativeChannelMomentsKernel } from './channels.js';
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

/** Registers the kernels of the native backend over their portable forms, and over those of tfjs-node. */
export function registerNativeKernels(): void {
  registerNativeKernel(nativeCastKernel);
  registerNativeKernel(nativeCastGradientKernel);

  registerNativeKernel(nativeChannelMomentsKernel);

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
