import { replaceGradient, runKernel } from '../tensorflow.js';
import type { PlainKernel } from '../tensorflow-kernels.js';
import { convolutionGeometry, validTaps } from './geometry.js';
import type { WindowAttributes, WindowGeometry } from './geometry.js';

/** Gradients of a depthwise convolution; output channel c * multiplier + m belongs to input channel c. */

export interface DepthwiseFilterAttributes extends WindowAttributes {
  readonly filterShape: readonly number[];
}

export interface DepthwiseInputAttributes extends WindowAttributes {
  readonly inputShape: readonly number[];
}

/** `DepthwiseConv2dNativeBackpropFilter`: x [N, H, W, C], dy [N, Oh, Ow, C * M] -> [kh, kw, C, M]. Sums are doubles. */
export const depthwiseFilterGradientKernel: PlainKernel<DepthwiseFilterAttributes> = {
  name: 'DepthwiseConv2dNativeBackpropFilter',
  inputs: ['x', 'dy'],
  outputShapes: (_shapes, { filterShape }) => [[...filterShape]],
  compute: ([x, dy], [dw], [xShape], attributes) => {
    const g = convolutionGeometry(xShape, attributes.filterShape, attributes, true);
    const { inputChannels, outputChannels } = g;
    const multiplier = outputChannels / inputChannels;
    const sums = new Float64Array(dw.length);
    forEachTap(g, (input, output, tap) => {
      for (let offset = 0; offset < multiplier; offset++) {
        for (let channel = 0, to = offset; channel < inputChannels; channel++, to += multiplier) {
          sums[tap + to] += x[input + channel] * dy[output + to];
        }
      }
    });
    dw.set(sums);
  },
};

/** `DepthwiseConv2dNativeBackpropInput`: dy [N, Oh, Ow, C * M], filter [kh, kw, C, M] -> [N, H, W, C]. */
export const depthwiseInputGradientKernel: PlainKernel<DepthwiseInputAttributes> = {
  name: 'DepthwiseConv2dNativeBackpropInput',
  inputs: ['dy', 'filter'],
  outputShapes: (_shapes, { inputShape }) => [[...inputShape]],
  compute: ([dy, filter], [dx], [, filterShape], attributes) => {
    const g = convolutionGeometry(attributes.inputShape, filterShape, attributes, true);
    const { inputChannels, outputChannels } = g;
    const multiplier = outputChannels / inputChannels;
    dx.fill(0);
    forEachTap(g, (input, output, tap) => {
      for (let offset = 0; offset < multiplier; offset++) {
        for (let channel = 0, from = offset; channel < inputChannels; channel++, from += multiplier) {
          dx[input + channel] += filter[tap + from] * dy[output + from];
        }
      }
    });
  },
};

/** Calls `visit` with the offsets of a pixel of x, a pixel of dy and a tap of the filter, for all that meet, in a fixed order. */
function forEachTap(g: WindowGeometry, visit: (input: number, output: number, tap: number) => void): void {
  for (let image = 0; image < g.batch; image++) {
    for (let row = 0; row < g.outputHeight; row++) {
      const top = row * g.strideHeight - g.padTop;
      const rows = validTaps(top, g.windowHeight, g.dilationHeight, g.inputHeight);
      for (let column = 0; column < g.outputWidth; column++) {
        const left = column * g.strideWidth - g.padLeft;
        const columns = validTaps(left, g.windowWidth, g.dilationWidth, g.inputWidth);
        const output = ((image * g.outputHeight + row) * g.outputWidth + column) * g.outputChannels;
        for (let tapRow = rows.first; tapRow < rows.end; tapRow++) {
          const inputRow = (image * g.inputHeight + top + tapRow * g.dilationHeight) * g.inputWidth;
          for (let tapColumn = columns.first; tapColumn < columns.end; tapColumn++) {
            const input = (inputRow + left + tapColumn * g.dilationWidth) * g.inputChannels;
            visit(input, output, (tapRow * g.windowWidth + tapColumn) * g.outputChannels);
          }
        }
      }
    }
  }
}

/** The library's gradient refuses dilations; ours hands them to the kernels above. */
export function replaceDepthwiseGradient(): void {
  replaceGradient('DepthwiseConv2dNative', ['x', 'filter'], (dy, [x, filter], attributes) => [
    () => runKernel(depthwiseInputGradientKernel.name, { dy, filter }, { ...attributes, inputShape: x.shape })[0],
    () => runKernel(depthwiseFilterGradientKernel.name, { x, dy }, { ...attributes, filterShape: filter.shape })[0],
  ]);
}
