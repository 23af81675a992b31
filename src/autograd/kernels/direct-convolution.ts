import type { HeapKernel } from '../tensorflow.js';
import type { Assembly } from './assembly.js';
import { filterGradientKernel, inputGradientKernel } from './convolution.js';
import type { FilterGradientAttributes, InputGradientAttributes } from './convolution.js';
import { correlateGradientImages, correlateImages, packFilter } from './correlation.js';
import type { Images, Pass, Window, WindowAxis } from './correlation.js';
import { convolutionGeometry } from './geometry.js';
import type { WindowAttributes, WindowGeometry } from './geometry.js';

/** A convolution and its gradients on the heap of the wasm backend. */

const bytesPerNumber = 4;

/** `Conv2D`: x [N, H, W, Ci], filter [kh, kw, Ci, Co] -> [N, Oh, Ow, Co]. */
export const convolutionHeapKernel: HeapKernel<WindowAttributes, Assembly> = {
  name: 'Conv2D',
  inputs: ['x', 'filter'],
  outputShapes: ([x, filter], attributes) => {
    const g = convolutionGeometry(x, filter, attributes);
    return [[g.batch, g.outputHeight, g.outputWidth, g.outputChannels]];
  },
  compute(call) {
    const { inputs, outputs, inputShapes, attributes } = call;
    const g = convolutionGeometry(inputShapes[0], inputShapes[1], attributes);
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
    const rows = phases(g.inputHeight, g.strideHeight, g.padTop, g.windowHeight, g.dilationHeight);
    const columns = phases(g.inputWidth, g.strideWidth, g.padLeft, g.windowWidth, g.dilationWidth);
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
    const images = {
      address: inputs[0],
      count: g.batch,
      height: g.outputHeight,
      width: g.outputWidth,
      channels: g.outputChannels,
    };
    correlateImages(call, images, passes, g.inputChannels);
  },
};

function inputImages(address: number, g: WindowGeometry): Images {
  return { address, count: g.batch, height: g.inputHeight, width: g.inputWidth, channels: g.inputChannels };
}

function forwardWindow(g: WindowGeometry): Window {
  return {
    rows: {
      outputs: g.outputHeight,
      stride: g.strideHeight,
      start: -g.padTop,
      taps: g.windowHeight,
      spacing: g.dilationHeight,
    },
    columns: {
      outputs: g.outputWidth,
      stride: g.strideWidth,
      start: -g.padLeft,
      taps: g.windowWidth,
      spacing: g.dilationWidth,
    },
  };
}

/** A window over dy for every `stride`-th element of dx. */
interface Phase extends WindowAxis {
  /** The filter's tap that the window's first tap is, and from there to the one of the next. */
  readonly firstTap: number;
  readonly tapStep: number;
}

/**
 * Element i of dx gets dy[(i + padBefore - tap * dilation) / stride] from each tap where that is whole. Taps of a phase are equal
 * steps apart; the last one sees dy's first.
 */
function phases(size: number, stride: number, padBefore: number, window: number, dilation: number): Phase[] {
  return Array.from({ length: Math.min(stride, size) }, (_, first) => {
    const taps: number[] = [];
    for (let tap = window - 1; tap >= 0; tap--) if ((first + padBefore - tap * dilation) % stride === 0) taps.push(tap);
    const tapStep = taps.length > 1 ? taps[1] - taps[0] : -1;
    const firstTap = taps[0] ?? 0;
    return {
      outputs: Math.ceil((size - first) / stride),
      stride: 1,
      start: taps.length === 0 ? 0 : (first + padBefore - firstTap * dilation) / stride,
      taps: taps.length,
      spacing: taps.length > 1 ? (-tapStep * dilation) / stride : 1,
      firstTap,
      tapStep,
    };
  });
}
