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
  const { functions } = workspace;
  const padded = padding(workspace, images, [columns], slack);
  const runs = runsOf(columns, images.channels);
  const pixels = rows.outputs * columns.outputs;
  const gradients = paddedOutputs(workspace, dy, pixels, outputs);
  const strip = Math.max(1, Math.floor(stripBytes / (padded.rowBytes * rows.stride)));
  const sums = gradientSums(workspace, rows.taps * runs.count, runs.length, outputs);
  for (let image = 0; image < images.count; image++) {
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
      sums.runLength,
      gradients.image(image),
      rows.outputs,
      columns.outputs,
      sums.outputs,
      sums.address,
      strip,
    );
  }
  sums.write(target);
}

/** a [rows, inner] times b [inner, outputs], both as they lie or, with `isTurned`, b as [outputs, inner]. */
export function multiplyMatrices(
  workspace: Workspace,
  a: number,
  rows: number,
  inner: number,
  b: number,
  outputs: number,
  isTurned: boolean,
  target: number,
): void {
  const order = isTurned ? { channel: 1, output: inner } : { channel: outputs, output: 1 };
  const window = { rows: onePosition(1), columns: onePosition(rows) };
  const columnBytes = outputs * bytesPerNumber;
  const pass: Pass = {
    ...window,
    packed: packFilter(workspace, b, window, inner, outputs, { offset: 0, row: 0, column: 0, ...order }),
    address: target,
    imageBytes: 0,
    rowBytes: 0,
    columnBytes,
  };
  correlateImages(workspace, { address: a, count: 1, height: 1, width: rows, channels: inner }, [pass], outputs);
}

/** Rows of two matrices that stay in the fastest cache. */
const rowsAtOnce = 64;

/** The transpose of a [rows, inner] times b [rows, outputs], written to `target` as [inner, outputs]. */
export function multiplyTransposed(
  workspace: Workspace,
  a: number,
  rows: number,
  inner: number,
  b: number,
  outputs: number,
  target: number,
): void {
  const x = padding(workspace, { address: a, count: 1, height: 1, width: rows, channels: inner }, [], slack);
  const dy = paddedOutputs(workspace, b, rows, outputs).image(0);
  const sums = gradientSums(workspace, 1, inner, outputs);
  const address = x.image(0);
  const add = (first: number, groups: number, size: number) =>
    workspace.functions.correlateGradient(
      address + first * x.columnBytes,
      groups,
      size * x.columnBytes,
      x.columnBytes,
      0,
      1,
      1,
      1,
      1,
      0,
      sums.runLength,
      dy + first * sums.outputs * bytesPerNumber,
      groups,
      size,
      sums.outputs,
      sums.address,
      1,
    );
  const groups = Math.floor(rows / rowsAtOnce);
  add(0, groups, rowsAtOnce);
  add(groups * rowsAtOnce, 1, rows % rowsAtOnce);
  sums.write(target);
}

/** A window of one tap on each of `outputs` positions. */
function onePosition(outputs: number): WindowAxis {
  return { outputs, stride: 1, start: 0, taps: 1, spacing: 1 };
}

/** `correlateGradient` reads runs in fours: so many numbers beyond the last. */
const slack = 3;

/** Sums of a filter's gradient, [runs, length, outputs] with the last two rounded up; zeros at first. */
function gradientSums({ functions, scratch }: Workspace, runs: number, length: number, outputs: number) {
  const runLength = roundUp(length, 4);
  const padded = roundUp(outputs, lanes);
  const address = scratch(runs * runLength * padded);
  functions.clear(address, runs * runLength * padded);
  return {
    address,
    runLength,
    outputs: padded,
    write(target: number): void {
      for (let run = 0; run < runs; run++) {
        const from = address + run * runLength * padded * bytesPerNumber;
        functions.cutChannels(from, target + run * length * outputs * bytesPerNumber, length, outputs, padded);
      }
    },
  };
}

/** Images of `pixels` pixels whose channels are a multiple of 8, a copy of one where they are not. */
function paddedOutputs({ functions, scratch }: Workspace, address: number, pixels: number, outputs: number) {
  const padded = roundUp(outputs, lanes);
  const imageBytes = pixels * outputs * bytesPerNumber;
  if (padded === outputs) return { image: (index: number) => address + index * imageBytes };
  const copy = scratch(pixels * padded);
  return {
    /** Good until the next call. */
    image: (index: number): number => {
      functions.padChannels(address + index * imageBytes, copy, pixels, outputs, padded);
      return copy;
    },
  };
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

/** Images with as many zero columns at their sides as some windows reach; `beyond` numbers after an image may be read. */
function padding(
  { functions, scratch }: Workspace,
  { address, height, width, channels }: Images,
  windows: readonly WindowAxis[],
  beyond = 0,
): PaddedImages {
  const reach = ({ outputs, stride, start, taps, spacing }: WindowAxis) =>
    taps === 0 ? 0 : (outputs - 1) * stride + start + (taps - 1) * spacing + 1;
  const left = Math.max(0, ...windows.map(({ start }) => -start));
  const right = Math.max(0, ...windows.map((window) => reach(window) - width));
  const columnBytes = channels * bytesPerNumber;
  const imageBytes = height * width * columnBytes;
  const rowBytes = (left + width + right) * columnBytes;
  if (left === 0 && right === 0 && beyond === 0)
    return { left, columnBytes, rowBytes, image: (index) => address + index * imageBytes };
  const copy = scratch((height * rowBytes) / bytesPerNumber + beyond);
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
