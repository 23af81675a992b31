import type { NativeKernel } from '../../tensorflow-node.js';
import { depthwiseFilterGradientKernel, depthwiseInputGradientKernel } from '../depthwise.js';
import type { DepthwiseFilterAttributes, DepthwiseInputAttributes } from '../depthwise.js';
import { convolutionGeometry } from '../geometry.js';
import type { WindowAttributes } from '../geometry.js';
import { windowAttribute } from './window.js';

/**
 * Depthwise convolutions and their gradients as operations of QFX's own (native/depthwise.cc): TensorFlow's know neither
 * dilations nor strides that differ, and tfjs-node's kernels no explicit padding.
 */

/** `DepthwiseConv2dNative`: x [N, H, W, C], filter [kh, kw, C, M] -> [N, Oh, Ow, C * M]. */
export const nativeDepthwiseKernel: NativeKernel<WindowAttributes> = {
  name: 'DepthwiseConv2dNative',
  compute({ x, filter }, attributes, operations) {
    const geometry = convolutionGeometry(x.shape, filter.shape, attributes, true);
    return operations.run('QfxDepthwise', [x, filter], windowAttribute(geometry));
  },
};

export const nativeDepthwiseFilterGradientKernel: NativeKernel<DepthwiseFilterAttributes> = {
  name: depthwiseFilterGradientKernel.name,
  compute({ x, dy }, attributes, operations) {
    const geometry = convolutionGeometry(x.shape, attributes.filterShape, attributes, true);
    return operations.run('QfxDepthwiseFilterGrad', [x, dy], windowAttribute(geometry));
  },
};

export const nativeDepthwiseInputGradientKernel: NativeKernel<DepthwiseInputAttributes> = {
  name: depthwiseInputGradientKernel.name,
  compute({ dy, filter }, attributes, operations) {
    const geometry = convolutionGeometry(attributes.inputShape, filter.shape, attributes, true);
    return operations.run('QfxDepthwiseInputGrad', [dy, filter], windowAttribute(geometry));
  },
};
