import { oneOperation } from '../../tensorflow-node.js';
import {
  channelAffineGradientKernel,
  channelAffineKernel,
  channelMomentsGradientKernel,
  channelMomentsKernel,
} from '../channels.js';

/** The kernels of channels.ts as operations of QFX's own (native/channels.cc), with sums in doubles. */
export const nativeChannelKernels = [
  { kernel: channelMomentsKernel, outputs: 1 },
  { kernel: channelMomentsGradientKernel, outputs: 1 },
  { kernel: channelAffineKernel, outputs: 1 },
  { kernel: channelAffineGradientKernel, outputs: 3 },
].map(({ kernel, outputs }) => oneOperation(kernel.name, kernel.inputs, outputs));
