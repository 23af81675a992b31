import type { HeapKernel } from '../tensorflow-heap.js';
import type { Assembly } from './assembly.js';
import { filterGradientKernel, inputGradientKernel } from './convolution.js';
import type { FilterGradientAttributes, InputGradientAttributes } from './convolution.js';
import { correlateGradientImages, correlateImages, packFilter } from './correlation.js';
import { multiplyMatrices, multiplyTransposed } from './correlation.js';
import type { Pass } from './correlation.js';
import { convolutionGeometry } from './geometry.js';
import type { WindowAttributes, WindowGeometry } from './geometry.js';
import { bytesPerNumber, forwardWindow, gradientPhases, inputImages, outputImages } from './windows.js';
import { isMinimalFilter, minimalFilterGradient, minimalInputGradient } from './winograd.js';

/** A convolution and its gradients on the heap of the wasm backend. */

/** Columns are computed in fours: below, the library is faster. */
const fewestColumns = 3;

/**
 * Where each window is one run of numbers and windows follow each other, a convolution is a product of matrices: windows times
 * filter. So it is with one pixel to a window, and with one window to an image.
 */
function asMatrix(g: WindowGeometry): { windows: number; size: number } | undefined {
  if (g.padTop !== 0 || g.padBottom !== 0 || g.padLeft !== 0 || g.padRight !== 0) return undefined;
  const isPixel = g.windowHeight === 1 && g.windowWidth === 1 && g.strideHeight === 1 && g.strideWidth === 1;
  const isImage =
    g.windowHeight === g.inputHeight && g.windowWidth === g.inputWidth && g.dilationHeight * g.dilationWidth === 1;
  if (!isPixel && !isImage) return undefined;
  const windows = g.batch * g.outputHeight * g.outputWidth;
  return { windows, size: g.windowHeight * g.windowWidth * g.inputChannels };
}

/** `Conv2D`: x [N, H, W, Ci], filter [kh, kw, Ci, Co] -> [N, Oh, Ow, Co]. */
export const convolutionHeapKernel: HeapKernel<WindowAttributes, Assembly> = {
  name: 'Conv2D',
  inputs: ['x', 'filter'],
  serves: ([x, filter], attributes) => {
    const g = convolutionGeometry(x, filter, attributes);
    return g.outputWidth >= fewestColumns || asMatrix(g) !== undefined;
  },
  outputShapes: ([x, filter], attributes) => {
    const g = convolutionGeometry(x, filter, attributes);
    return [[g.batch, g.outputHeight, g.outputWidth, g.outputChannels]];
  },
  compute(call) {
    const { inputs, outputs, inputShapes, attributes } = call;
    const g = convolutionGeometry(inputShapes[0], inputShapes[1], attributes);
    const matrix = asMatrix(g);
    if (matrix !== undefined) {
      const { windows, size } = matrix;
      multiplyMatrices(call, inputs[0], windows, size, inputs[1], g.outputChannels, false, outputs[0]);
      return;
    }
    const window = forwardWindow(g);
    const columnBytes = g.outputChannels * bytesPerNumber;
    const pass: Pass = {
      ...window,
      packed: packFilter(call, inputs[1], window, g.inputChannels, g.outputChannels, {
        offset: 0,
        row: g.windowWidth * g.inputChannels * g.outputChannels,
        column: g.inputChannels * g.outputChannels,
        channel: g.outputChannels,
        output: 1,
      }),
      address: outputs[0],
      imageBytes: g.outputHeight * g.outputWidth * columnBytes,
      rowBytes: g.outputWidth * columnBytes,
      columnBytes,
    };
    correlateImages(call, inputImages(inputs[0], g), [pass], g.outputChannels);
  },
};

/** `Conv2DBackpropFilter` on the heap. */
export const filterGradientHeapKernel: HeapKernel<FilterGradientAttributes, Assembly> = {
  name: filterGradientKernel.name,
  inputs: ['x', 'dy'],
  outputShapes: (_shapes, { filterShape }) => [[...filterShape]],
  compute(call) {
    const { inputs, outputs, inputShapes, attributes } = call;
    const g = convolutionGeometry(inputShapes[0], attributes.filterShape, attributes);
    const matrix = asMatrix(g);
    if (matrix !== undefined) {
      const { windows, size } = matrix;
      multiplyTransposed(call, inputs[0], windows, size, inputs[1], g.outputChannels, outputs[0]);
      return;
    }
    if (isMinimalFilter(g)) {
      minimalFilterGradient(call, g, { x: inputs[0], dy: inputs[1], filter: outputs[0] });
      return;
    }
    const images = inputImages(inputs[0], g);
    correlateGradientImages(call, images, forwardWindow(g), inputs[1], g.outputChannels, outputs[0]);
  },
};

/**
 * `Conv2DBackpropInput` on the heap. With a stride, elements of dx fall into phases: those of one phase see the same taps of
 * the filter, and dy without gaps.
 */
export const inputGradientHeapKernel: HeapKernel<InputGradientAttributes, Assembly> = {
  name: inputGradientKernel.name,
  inputs: ['dy', 'filter'],
  outputShapes: (_shapes, { inputShape }) => [[...inputShape]],
  compute(call) {
    const { inputs, outputs, inputShapes, attributes } = call;
    const g = convolutionGeometry(attributes.inputShape, inputShapes[1], attributes);
    const matrix = asMatrix(g);
    if (matrix !== undefined) {
      const { windows, size } = matrix;
      multiplyMatrices(call, inputs[0], windows, g.outputChannels, inputs[1], size, true, outputs[0]);
      return;
    }
    if (isMinimalFilter(g)) {
      minimalInputGradient(call, g, { dy: inputs[0], filter: inputs[1], dx: outputs[0] });
      return;
    }
    const rows = gradientPhases(g.inputHeight, g.strideHeight, g.padTop, g.windowHeight, g.dilationHeight);
    const columns = gradientPhases(g.inputWidth, g.strideWidth, g.padLeft, g.windowWidth, g.dilationWidth);
    const tapSize = g.inputChannels * g.outputChannels;
    const columnBytes = g.inputChannels * bytesPerNumber;
    const rowBytes = g.inputWidth * columnBytes;
    const passes = rows.flatMap((row, rowPhase) =>
      columns.map((column, columnPhase): Pass => ({
        rows: row,
        columns: column,
        packed: packFilter(call, inputs[1], { rows: row, columns: column }, g.outputChannels, g.inputChannels, {
          offset: (row.firstTap * g.windowWidth + column.firstTap) * tapSize,
          row: row.tapStep * g.windowWidth * tapSize,
          column: column.tapStep * tapSize,
          channel: 1,
          output: g.outputChannels,
        }),
        address: outputs[0] + rowPhase * rowBytes + columnPhase * columnBytes,
        imageBytes: g.inputHeight * rowBytes,
        rowBytes: g.strideHeight * rowBytes,
        columnBytes: g.strideWidth * columnBytes,
      })),
    );
    correlateImages(call, outputImages(inputs[0], g), passes, g.inputChannels);
  },
};
