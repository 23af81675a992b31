import { registerNativeKernel } from '../../tensorflow-node.js';
import { nativeCastGradientKernel, nativeCastKernel } from './cast.js';
import { nativeChannelKernels } from './channels.js';
import { nativeFilterGradientKernel, nativeInputGradientKernel } from './convolution.js';

/** Registers the kernels of the native backend over their portable forms, and over those of tfjs-node. */
export function registerNativeKernels(): void {
  registerNativeKernel(nativeCastKernel);
  registerNativeKernel(nativeCastGradientKernel);
  for (const kernel of nativeChannelKernels) registerNativeKernel(kernel);
  registerNativeKernel(nativeFilterGradientKernel);
  registerNativeKernel(nativeInputGradientKernel);
}
