import type { Attribute, NativeKernel } from '../../tensorflow-node.js';
import type { FilterGradientAttributes, InputGradientAttributes } from '../convolution.js';
import { convolutionGeometry } from '../geometry.js';
import type { WindowAttributes, WindowGeometry } from '../geometry.js';

/**
 * Gradients of convolutions as TensorFlow's operations. The kernels of tfjs-node call the same ones, but know neither
 * explicit padding nor dilations.
 */

export const nativeFilterGradientKernel: NativeKernel<FilterGradientAttributes> = {
  name: 'Conv2DBackpropFilter',
  handles: hasNoDilations,
  compute({ x, dy }, attributes, operations) {
    const { filterShape } = attributes;
    const geometry = convolutionGeometry(x.shape, filterShape, attributes);
    const shape = operations.numbers(filterShape, 'int32');
    return operations.run('Conv2DBackpropFilter', [x, shape, dy], windowAttributes(geometry));
  },
};

export const nativeInputGradientKernel: NativeKernel<InputGradientAttributes> = {
  name: 'Conv2DBackpropInput',
  handles: hasNoDilations,
  compute({ dy, filter }, attributes, operations) {
    const { inputShape } = attributes;
    const geometry = convolutionGeometry(inputShape, filter.shape, attributes);
    const shape = operations.numbers(inputShape, 'int32');
    return operations.run('Conv2DBackpropInput', [shape, filter, dy], windowAttributes(geometry));
  },
};

/** With dilations they are convolutions, as on wasm. */
function hasNoDilations({ dilations }: WindowAttributes): boolean {
  return [dilations ?? 1].flat().every((dilation) => dilation === 1);
}

function windowAttributes(g: WindowGeometry): Readonly<Record<string, Attribute>> {
  return {
    T: { type: 'float32' },
    strides: [1, g.strideHeight, g.strideWidth, 1],
    dilations: [1, g.dilationHeight, g.dilationWidth, 1],
    data_format: 'NHWC',
    ...paddingAttributes(g),
  };
}

/** TensorFlow's fast gradients know padding by its name only, so it gets its name where it has one. */
function paddingAttributes(g: WindowGeometry): Readonly<Record<string, Attribute>> {
  const rows = [g.padTop, g.padBottom] as const;
  const columns = [g.padLeft, g.padRight] as const;
  const reachHeight = (g.windowHeight - 1) * g.dilationHeight + 1;
  const reachWidth = (g.windowWidth - 1) * g.dilationWidth + 1;
  if (
    isSame(g.inputHeight, reachHeight, g.strideHeight, rows) &&
    isSame(g.inputWidth, reachWidth, g.strideWidth, columns)
  )
    return { padding: 'SAME' };
  if (Math.max(...rows, ...columns) === 0) return { padding: 'VALID' };
  return { padding: 'EXPLICIT', explicit_paddings: [0, 0, ...rows, ...columns, 0, 0] };
}

/** Whether an axis is padded as TensorFlow's "SAME" does: for size / stride outputs, rounded up, the odd one at the end. */
function isSame(size: number, reach: number, stride: number, [before, after]: readonly [number, number]): boolean {
  const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + reach - size);
  return before === Math.floor(total / 2) && after === total - before;
}
