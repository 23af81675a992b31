import type { NativeKernel } from '../../tensorflow-node.js';
import { channelMomentsKernel } from '../channels.js';

/** The kernels of channels.ts as operations of QFX's own (native/channels.cc). */

export const nativeChannelMomentsKernel: NativeKernel<object> = {
  name: channelMomentsKernel.name,
  compute: ({ x }, _attributes, operations) => operations.run('QfxChannelMoments', [x], {}),
};
