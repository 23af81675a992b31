import type { Attribute, NativeKernel } from '../../tensorflow-node.js';
import type { FilterGradientAttributes, InputGradientAttributes } from '../convolution.js';
import { convolutionGeometry } from '../geometry.js';
import type { WindowGeometry } from '../geometry.js';

/**
 * Gradients of convolutions as TensorFlow's operations. The kernels of tfjs-node call the same ones, but know neither
 * explicit padding nor dilations.
 */

export const nativeFilterGradientKernel: NativeKernel<FilterGradientAttributes> = {
  name: 'Conv2DBackpropFilter',
  compute({ x, dy }, attributes, operations) {
    const { filterShape } = attributes;
    const geometry = convolutionGeometry(x.shape, filterShape, attributes);
    const shape = operations.numbers(filterShape, 'int32');
    return operations.run('Conv2DBackpropFilter', [x, shape, dy], windowAttributes(geometry));
  },
};

export const nativeInputGradientKernel: NativeKernel<InputGradientAttributes> = {
  name: 'Conv2DBackpropInput',
  compute({ dy, filter }, attributes, operations) {
    const { inputShape } = attributes;
    const geometry = convolutionGeometry(inputShape, filter.shape, attributes);
    const shape = operations.numbers(inputShape, 'int32');
    return operations.run('Conv2DBackpropInput', [shape, filter, dy], windowAttributes(geometry));
  },
};

function windowAttributes(g: WindowGeometry): Readonly<Record<string, Attribute>> {
  return {
    T: { type: 'float32' },
    strides: [1, g.strideHeight, g.strideWidth, 1],
    dilations: [1, g.dilationHeight, g.dilationWidth, 1],
    padding: 'EXPLICIT',
    explicit_paddings: [0, 0, g.padTop, g.padBottom, g.padLeft, g.padRight, 0, 0],
    data_format: 'NHWC',
  };
}
