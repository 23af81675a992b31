import type { HeapKernel } from '../tensorflow-heap.js';
import type { Assembly } from './assembly.js';
import { depthwiseFilterGradientKernel, depthwiseInputGradientKernel } from './depthwise.js';
import type { DepthwiseFilterAttributes, DepthwiseInputAttributes } from './depthwise.js';
import { convolutionGeometry } from './geometry.js';
import type { WindowAttributes } from './geometry.js';
import { bytesPerNumber, forwardWindow, gradientPhases, inputImages, outputImages } from './windows.js';
import { padImages, roundUp, stripRows } from './windows.js';
import type { PaddedImages, Window, Workspace } from './windows.js';

/**
 * A depthwise convolution and its gradients on the heap of the wasm backend. A channel that makes several outputs is repeated
 * first, so that the functions of assembly/depthwise.ts only know one output a channel.
 */

/** Channels that are computed at once. */
const lanes = 4;

/** `DepthwiseConv2dNative`: x [N, H, W, C], filter [kh, kw, C, M] -> [N, Oh, Ow, C * M]. */
export const depthwiseHeapKernel: HeapKernel<WindowAttributes, Assembly> = {
  name: 'DepthwiseConv2dNative',
  inputs: ['x', 'filter'],
  // The library has fast functions of its own for small windows with one output a channel.
  serves: ([, [height, width, , multiplier]]) => multiplier > 1 || height * width > 9,
  outputShapes: ([x, filter], attributes) => {
    const g = convolutionGeometry(x, filter, attributes, true);
    return [[g.batch, g.outputHeight, g.outputWidth, g.outputChannels]];
  },
  compute(call) {
    const { inputs, outputs, inputShapes, attributes } = call;
    const g = convolutionGeometry(inputShapes[0], inputShapes[1], attributes, true);
    const window = forwardWindow(g);
    const multiplier = g.outputChannels / g.inputChannels;
    const images = inputImages(inputs[0], g);
    const x = padImages(call, images, { windows: [window.columns], multiplier, channelMultiple: lanes });
    const pass: Pass = {
      ...window,
      filter: padFilter(call, inputs[1], g.windowHeight * g.windowWidth, g.outputChannels),
      filterRow: g.windowWidth * x.columnBytes,
      filterColumn: x.columnBytes,
    };
    const columnBytes = g.outputChannels * bytesPerNumber;
    const rowBytes = g.outputWidth * columnBytes;
    for (let image = 0; image < g.batch; image++) {
      const y = { address: outputs[0] + image * g.outputHeight * rowBytes, rowBytes, columnBytes };
      moveWindow(call, x, x.image(image), g.inputHeight, pass, y, g.outputChannels);
    }
  },
};

/** `DepthwiseConv2dNativeBackpropInput` on the heap, in phases as that of a convolution. */
export const depthwiseInputGradientHeapKernel: HeapKernel<DepthwiseInputAttributes, Assembly> = {
  ...depthwiseInputGradientKernel,
  compute(call) {
    const { functions, inputs, outputs, inputShapes, attributes } = call;
    const g = convolutionGeometry(attributes.inputShape, inputShapes[1], attributes, true);
    const rows = gradientPhases(g.inputHeight, g.strideHeight, g.padTop, g.windowHeight, g.dilationHeight);
    const columns = gradientPhases(g.inputWidth, g.strideWidth, g.padLeft, g.windowWidth, g.dilationWidth);
    const dy = padImages(call, outputImages(inputs[0], g), { windows: columns, channelMultiple: lanes });
    const filter = padFilter(call, inputs[1], g.windowHeight * g.windowWidth, g.outputChannels);
    const passes = rows.map((row) =>
      columns.map((column): Pass => ({
        rows: row,
        columns: column,
        filter: filter + (row.firstTap * g.windowWidth + column.firstTap) * dy.columnBytes,
        filterRow: row.tapStep * g.windowWidth * dy.columnBytes,
        filterColumn: column.tapStep * dy.columnBytes,
      })),
    );
    const multiplier = g.outputChannels / g.inputChannels;
    const elements = g.inputHeight * g.inputWidth * g.inputChannels;
    const repeated = multiplier === 1 ? undefined : call.scratch(elements * multiplier);
    const columnBytes = g.outputChannels * bytesPerNumber;
    const rowBytes = g.inputWidth * columnBytes;
    for (let image = 0; image < g.batch; image++) {
      const target = outputs[0] + image * elements * bytesPerNumber;
      const source = dy.image(image);
      passes.forEach((line, rowPhase) =>
        line.forEach((pass, columnPhase) => {
          const y = {
            address: (repeated ?? target) + rowPhase * rowBytes + columnPhase * columnBytes,
            rowBytes: g.strideHeight * rowBytes,
            columnBytes: g.strideWidth * columnBytes,
          };
          moveWindow(call, dy, source, g.outputHeight, pass, y, g.outputChannels);
        }),
      );
      if (repeated !== undefined) functions.sumChannels(repeated, target, elements, multiplier);
    }
  },
};

/** `DepthwiseConv2dNativeBackpropFilter` on the heap. */
export const depthwiseFilterGradientHeapKernel: HeapKernel<DepthwiseFilterAttributes, Assembly> = {
  ...depthwiseFilterGradientKernel,
  compute(call) {
    const { functions, inputs, outputs, inputShapes, attributes } = call;
    const g = convolutionGeometry(inputShapes[0], attributes.filterShape, attributes, true);
    const { rows, columns } = forwardWindow(g);
    const multiplier = g.outputChannels / g.inputChannels;
    const images = inputImages(inputs[0], g);
    const x = padImages(call, images, { windows: [columns], multiplier, channelMultiple: lanes });
    const dy = padImages(call, outputImages(inputs[1], g), { windows: [], channelMultiple: lanes });
    const taps = g.windowHeight * g.windowWidth;
    const sums = call.scratch(taps * x.channels);
    functions.clear(sums, taps * x.channels);
    for (let image = 0; image < g.batch; image++) {
      functions.depthwiseGradient(
        x.image(image) + (x.left + columns.start) * x.columnBytes,
        g.inputHeight,
        x.rowBytes,
        columns.stride * x.columnBytes,
        rows.start,
        rows.stride,
        rows.taps,
        rows.spacing,
        columns.taps,
        columns.spacing * x.columnBytes,
        dy.image(image),
        rows.outputs,
        columns.outputs,
        x.channels,
        sums,
        stripRows(x, rows),
      );
    }
    functions.cutChannels(sums, outputs[0], taps, g.outputChannels, x.channels);
  },
};

/** A window with the address of its first tap's weights, and the bytes from one tap to the next. */
interface Pass extends Window {
  readonly filter: number;
  readonly filterRow: number;
  readonly filterColumn: number;
}

/** Where outputs go: bytes from one to the next. */
interface Target {
  readonly address: number;
  readonly rowBytes: number;
  readonly columnBytes: number;
}

function moveWindow(
  { functions }: Workspace,
  images: PaddedImages,
  image: number,
  height: number,
  { rows, columns, filter, filterRow, filterColumn }: Pass,
  y: Target,
  channels: number,
): void {
  functions.depthwise(
    image + (images.left + columns.start) * images.columnBytes,
    height,
    images.rowBytes,
    columns.stride * images.columnBytes,
    rows.start,
    rows.stride,
    rows.taps,
    rows.spacing,
    columns.taps,
    columns.spacing * images.columnBytes,
    filter,
    filterRow,
    filterColumn,
    y.address,
    rows.outputs,
    columns.outputs,
    y.rowBytes,
    y.columnBytes,
    channels,
  );
}

/** Weights of each tap, as many as the lanes need. */
function padFilter({ functions, scratch }: Workspace, filter: number, taps: number, channels: number): number {
  const paddedChannels = roundUp(channels, lanes);
  if (paddedChannels === channels) return filter;
  const padded = scratch(taps * paddedChannels);
  functions.repeatChannels(filter, padded, 1, taps, channels, 1, paddedChannels, 0, 0);
  return padded;
}
