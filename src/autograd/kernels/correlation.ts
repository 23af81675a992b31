import type { HeapCall } from '../tensorflow.js';
import type { Assembly } from './assembly.js';

/**
 * Windows over images and products of matrices on addresses, by the functions of assembly/convolution.ts. Images are padded
 * one at a time, so that what a window reads is still in the cache. Every sum is taken in a fixed order.
 */

/** What of a kernel's call the functions here need. */
export type Workspace = Pick<HeapCall<unknown, Assembly>, 'functions' | 'scratch'>;

const bytesPerNumber = 4;
/** Outputs that are computed at once. */
const lanes = 8;

/** Images [count, height, width, channels] at an address. */
export interface Images {
  readonly address: number;
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** A window along one axis: output i sees positions i * stride + start + tap * spacing; those outside count as zeros. */
export interface WindowAxis {
  readonly outputs: number;
  readonly stride: number;
  readonly start: number;
  readonly taps: number;
  readonly spacing: number;
}

/** A window over the two axes of an image. */
export interface Window {
  readonly rows: WindowAxis;
  readonly columns: WindowAxis;
}

/** How to read a filter as [rows, columns, channels, outputs]: numbers from one to the next, which may be negative. */
export interface FilterOrder {
  /** Of the first tap, channel and output. */
  readonly offset: number;
  readonly row: number;
  readonly column: number;
  readonly channel: number;
  readonly output: number;
}

/** A window with its filter, and where its outputs go: bytes from one to the next. */
export interface Pass extends Window {
  readonly packed: number;
  readonly address: number;
  readonly imageBytes: number;
  readonly rowBytes: number;
  readonly columnBytes: number;
}

/** The filter of a window in the order that `correlateImages` needs. */
export function packFilter(
  { functions, scratch }: Workspace,
  filter: number,
  { rows, columns }: { readonly rows: { readonly taps: number }; readonly columns: { readonly taps: number } },
  channels: number,
  outputs: number,
  order: FilterOrder,
): number {
  const packed = scratch(rows.taps * columns.taps * channels * roundUp(outputs, lanes));
  const step = (count: number) => count * bytesPerNumber;
  functions.packFilter(
    filter + step(order.offset),
    packed,
    rows.taps,
    columns.taps,
    channels,
    outputs,
    step(order.row),
    step(order.column),
    step(order.channel),
    step(order.output),
  );
  return packed;
}

/** Moves each pass' window over every image: sums over taps and channels, for `outputs` outputs. */
export function correlateImages(workspace: Workspace, images: Images, passes: readonly Pass[], outputs: number): void {
  const { functions } = workspace;
  const padded = padding(
    workspace,
    images,
    passes.map(({ columns }) => columns),
  );
  for (let image = 0; image < images.count; image++) {
    const address = padded.image(image);
    for (const { rows, columns, packed, address: y, imageBytes, rowBytes, columnBytes } of passes) {
      const runs = runsOf(columns, images.channels);
      functions.correlate(
        address + (padded.left + columns.start) * padded.columnBytes,
        images.height,
        padded.rowBytes,
        columns.stride * padded.columnBytes,
        rows.start,
        rows.stride,
        rows.taps,
        rows.spacing,
        runs.count,
        columns.spacing * padded.columnBytes,
        runs.length,
        packed,
        y + image * imageBytes,
        rows.outputs,
        columns.outputs,
        rowBytes,
        columnBytes,
        outputs,
      );
    }
  }
}

/** Bytes of an image's rows that stay in the fastest cache together with what else is read. */
const stripBytes = 20_000;

/**
 * The gradient of a window's filter: x under the window times dy [count, rows.outputs, columns.outputs, outputs], summed over
 * all images, written to `target` as [rows.taps, columns.taps, channels, outputs].
 */
export function correlateGradientImages(
  workspace: Workspace,
  images: Images,
  { rows, columns }: Window,
  dy: number,
  outputs: number,
  target: number,
): void {
  const { functions, scratch } = workspace;
  const padded = padding(workspace, images, [columns], 3);
  const runs = runsOf(columns, images.channels);
  const runLength = roundUp(runs.length, 4);
  const paddedOutputs = roundUp(outputs, lanes);
  const pixels = rows.outputs * columns.outputs;
  const paddedGradient = outputs === paddedOutputs ? undefined : scratch(pixels * paddedOutputs);
  const allRuns = rows.taps * runs.count;
  const sums = scratch(allRuns * runLength * paddedOutputs);
  functions.clear(sums, allRuns * runLength * paddedOutputs);
  const strip = Math.max(1, Math.floor(stripBytes / (padded.rowBytes * rows.stride)));
  for (let image = 0; image < images.count; image++) {
    let gradient = dy + image * pixels * outputs * bytesPerNumber;
    if (paddedGradient !== undefined) {
      functions.padChannels(gradient, paddedGradient, pixels, outputs, paddedOutputs);
      gradient = paddedGradient;
    }
    functions.correlateGradient(
      padded.image(image) + (padded.left + columns.start) * padded.columnBytes,
      images.height,
      padded.rowBytes,
      columns.stride * padded.columnBytes,
      rows.start,
      rows.stride,
      rows.taps,
      rows.spacing,
      runs.count,
      columns.spacing * padded.columnBytes,
      runLength,
      gradient,
      rows.outputs,
      columns.outputs,
      paddedOutputs,
      sums,
      strip,
    );
  }
  for (let run = 0; run < allRuns; run++) {
    functions.cutChannels(
      sums + run * runLength * paddedOutputs * bytesPerNumber,
      target + run * runs.length * outputs * bytesPerNumber,
      runs.length,
      outputs,
      paddedOutputs,
    );
  }
}

/** Channels and, where a row's taps are neighbours, the taps of a row follow each other: they are one run of numbers. */
function runsOf({ taps, spacing }: WindowAxis, channels: number): { count: number; length: number } {
  return spacing === 1 ? { count: 1, length: taps * channels } : { count: taps, length: channels };
}

interface PaddedImages {
  /** Zero columns left of an image. */
  readonly left: number;
  readonly columnBytes: number;
  readonly rowBytes: number;
  /** The address of one image, padded; good until the next call. */
  image(index: number): number;
}

/** Images with as many zero columns at their sides as some windows reach, and `slack` numbers that may be read beyond them. */
function padding(
  { functions, scratch }: Workspace,
  { address, height, width, channels }: Images,
  windows: readonly WindowAxis[],
  slack = 0,
): PaddedImages {
  const reach = ({ outputs, stride, start, taps, spacing }: WindowAxis) =>
    taps === 0 ? 0 : (outputs - 1) * stride + start + (taps - 1) * spacing + 1;
  const left = Math.max(0, ...windows.map(({ start }) => -start));
  const right = Math.max(0, ...windows.map((window) => reach(window) - width));
  const columnBytes = channels * bytesPerNumber;
  const imageBytes = height * width * columnBytes;
  const rowBytes = (left + width + right) * columnBytes;
  if (left === 0 && right === 0 && slack === 0)
    return { left, columnBytes, rowBytes, image: (index) => address + index * imageBytes };
  const copy = scratch((height * rowBytes) / bytesPerNumber + slack);
  return {
    left,
    columnBytes,
    rowBytes,
    image: (index) => {
      const from = address + index * imageBytes;
      functions.padRows(from, copy, height, width * columnBytes, left * columnBytes, right * columnBytes);
      return copy;
    },
  };
}

function roundUp(count: number, multiple: number): number {
  return Math.ceil(count / multiple) * multiple;
}
