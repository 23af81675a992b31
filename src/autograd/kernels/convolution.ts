import { replaceGradient, runKernel } from '../tensorflow.js';
import type { ComposedKernel, PlainKernel } from '../tensorflow-kernels.js';
import { convolutionGeometry, explicitPadding } from './geometry.js';
import type { WindowAttributes } from './geometry.js';

/**
 * Gradients of a convolution as convolutions themselves: the wasm backend has no kernel for the filter's gradient and a
 * slow one for the input's, but its convolution is fast. Every stride, dilation, padding and channel count.
 */

/**
 * A convolution on the wasm backend with its 'same' padding written out. The backend's own rule for it gives zeros where a
 * stride exceeds the filter's size.
 */
function paddedFirst(name: string, depthwise: boolean): ComposedKernel<WindowAttributes> {
  return {
    name,
    compose(inputs, attributes, kernels) {
      if (attributes.pad !== 'same') return kernels.runReplaced(inputs, attributes);
      const g = convolutionGeometry(inputs.x.shape, inputs.filter.shape, attributes, depthwise);
      const pad = explicitPadding([g.padTop, g.padBottom], [g.padLeft, g.padRight]);
      return kernels.runReplaced(inputs, { ...attributes, pad });
    },
  };
}

export const convolutionKernels = [
  paddedFirst('Conv2D', false),
  paddedFirst('FusedConv2D', false),
  paddedFirst('DepthwiseConv2dNative', true),
  paddedFirst('FusedDepthwiseConv2D', true),
];

/** Orders of axes for `Transpose`. */
const imagesFirstToChannelsFirst = [3, 1, 2, 0];
const imagesFirstToPositionsFirst = [1, 2, 0, 3];

export interface FilterGradientAttributes extends WindowAttributes {
  readonly filterShape: readonly number[];
}

/**
 * `Conv2DBackpropFilter`: x [N, H, W, Ci], dy [N, Oh, Ow, Co] -> [kh, kw, Ci, Co]. Sliding dy over x with images as the
 * summed channels: what was a stride spaces dy's elements (a dilation), what was a dilation spaces the results (a stride).
 */
export const filterGradientKernel: ComposedKernel<FilterGradientAttributes> = {
  name: 'Conv2DBackpropFilter',
  compose({ x, dy }, attributes, kernels) {
    const g = convolutionGeometry(x.shape, attributes.filterShape, attributes);
    const image = kernels.run('Transpose', { x }, { perm: imagesFirstToChannelsFirst });
    const filter = kernels.run('Transpose', { x: dy }, { perm: imagesFirstToPositionsFirst });
    const swept = kernels.run(
      'Conv2D',
      { x: image, filter },
      {
        strides: [g.dilationHeight, g.dilationWidth],
        dilations: [g.strideHeight, g.strideWidth],
        pad: explicitPadding(
          [
            g.padTop,
            missing(g.inputHeight, g.padTop, g.outputHeight, g.strideHeight, g.windowHeight, g.dilationHeight),
          ],
          [g.padLeft, missing(g.inputWidth, g.padLeft, g.outputWidth, g.strideWidth, g.windowWidth, g.dilationWidth)],
        ),
        dataFormat: 'NHWC',
      },
    );
    kernels.free(image);
    kernels.free(filter);
    // Rows that the forward pass never reached give results beyond the filter.
    const size = [g.inputChannels, g.windowHeight, g.windowWidth, g.outputChannels];
    const fits = swept.shape[1] === g.windowHeight && swept.shape[2] === g.windowWidth;
    const cut = fits ? swept : kernels.run('Slice', { x: swept }, { begin: [0, 0, 0, 0], size });
    const result = kernels.run('Transpose', { x: cut }, { perm: imagesFirstToPositionsFirst });
    kernels.free(swept);
    if (cut !== swept) kernels.free(cut);
    return result;
  },
};

/** How far the last window reaches beyond an axis that was padded at its start only. */
function missing(
  size: number,
  padBefore: number,
  outputs: number,
  stride: number,
  window: number,
  dilation: number,
): number {
  const reached = (outputs - 1) * stride + (window - 1) * dilation + 1;
  return Math.max(0, reached - size - padBefore);
}

export interface InputGradientAttributes extends WindowAttributes {
  readonly inputShape: readonly number[];
}

/** `Conv2DBackpropInput`: dy [N, Oh, Ow, Co], filter [kh, kw, Ci, Co] -> [N, H, W, Ci]: dy under the turned filter. */
export const inputGradientKernel: ComposedKernel<InputGradientAttributes> = {
  name: 'Conv2DBackpropInput',
  compose({ dy, filter }, attributes, kernels) {
    const g = convolutionGeometry(attributes.inputShape, filter.shape, attributes);
    const turned = kernels.run(turnFilterKernel.name, { filter }, {});
    const marginHeight = (g.windowHeight - 1) * g.dilationHeight;
    const marginWidth = (g.windowWidth - 1) * g.dilationWidth;
    const placement: SpreadAttributes = {
      height: g.inputHeight + marginHeight,
      width: g.inputWidth + marginWidth,
      top: marginHeight - g.padTop,
      left: marginWidth - g.padLeft,
      strides: [g.strideHeight, g.strideWidth],
    };
    const bottom = placement.height - placement.top - g.outputHeight;
    const right = placement.width - placement.left - g.outputWidth;
    const isPadding =
      g.strideHeight === 1 && g.strideWidth === 1 && Math.min(placement.top, placement.left, bottom, right) >= 0;
    const spread = isPadding ? dy : kernels.run(spreadKernel.name, { x: dy }, placement);
    const result = kernels.run(
      'Conv2D',
      { x: spread, filter: turned },
      {
        strides: [1, 1],
        dilations: [g.dilationHeight, g.dilationWidth],
        pad: isPadding ? explicitPadding([placement.top, bottom], [placement.left, right]) : 'valid',
        dataFormat: 'NHWC',
      },
    );
    kernels.free(turned);
    if (spread !== dy) kernels.free(spread);
    return result;
  },
};

/** `QfxTurnFilter`: [kh, kw, Ci, Co] -> [kh, kw, Co, Ci], turned by half a turn in its plane. */
export const turnFilterKernel: PlainKernel<object> = {
  name: 'QfxTurnFilter',
  inputs: ['filter'],
  outputShapes: ([[height, width, inputs, outputs]]) => [[height, width, outputs, inputs]],
  compute: ([filter], [turned], [[height, width, inputs, outputs]]) => {
    const taps = height * width;
    for (let tap = 0; tap < taps; tap++) {
      const from = tap * inputs * outputs;
      const to = (taps - 1 - tap) * inputs * outputs;
      for (let input = 0; input < inputs; input++) {
        for (let output = 0; output < outputs; output++) {
          turned[to + output * inputs + input] = filter[from + input * outputs + output];
        }
      }
    }
  },
};

interface SpreadAttributes {
  readonly height: number;
  readonly width: number;
  /** Where x[0, 0] comes to lie; may be negative. */
  readonly top: number;
  readonly left: number;
  readonly strides: readonly [number, number];
}

/**
 * `QfxSpread`: x [N, h, w, C] -> [N, height, width, C]: elements of x `strides` apart, zeros between and around them.
 * What falls outside is left out.
 */
export const spreadKernel: PlainKernel<SpreadAttributes> = {
  name: 'QfxSpread',
  inputs: ['x'],
  outputShapes: ([[batch, , , channels]], { height, width }) => [[batch, height, width, channels]],
  compute: ([x], [y], [[batch, rows, columns, channels]], { height, width, top, left, strides }) => {
    y.fill(0);
    for (let image = 0; image < batch; image++) {
      for (let row = 0; row < rows; row++) {
        const targetRow = top + row * strides[0];
        if (targetRow < 0 || targetRow >= height) continue;
        for (let column = 0; column < columns; column++) {
          const targetColumn = left + column * strides[1];
          if (targetColumn < 0 || targetColumn >= width) continue;
          const from = ((image * rows + row) * columns + column) * channels;
          const to = ((image * height + targetRow) * width + targetColumn) * channels;
          for (let channel = 0; channel < channels; channel++) y[to + channel] = x[from + channel];
        }
      }
    }
  },
};

/** The library's gradient of `tf.conv2d` refuses dilations; ours hands them to the kernels above. */
export function replaceConvolutionGradient(): void {
  replaceGradient('Conv2D', ['x', 'filter'], (dy, [x, filter], attributes) => [
    () => runKernel(inputGradientKernel.name, { dy, filter }, { ...attributes, inputShape: x.shape })[0],
    () => runKernel(filterGradientKernel.name, { x, dy }, { ...attributes, filterShape: filter.shape })[0],
  ]);
}
