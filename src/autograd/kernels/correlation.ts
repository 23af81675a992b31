import { bytesPerNumber, padImages, roundUp, stripRows } from './windows.js';
import type { Images, Window, WindowAxis, Workspace } from './windows.js';

/**
 * Windows over images and products of matrices on addresses, by the functions of assembly/convolution.ts. Every sum is taken in
 * a fixed order.
 */

/** Outputs that are computed at once. */
const lanes = 8;

/** How to read a filter as [rows, columns, channels, outputs]: numbers from one to the next, which may be negative. */
interface FilterOrder {
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
  const padded = padImages(workspace, images, { windows: passes.map(({ columns }) => columns) });
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
  const runs = runsOf(columns, images.channels);
  const padded = padImages(workspace, images, { windows: [columns], beyond: beyond(runs.length) });
  const gradientImages = {
    address: dy,
    count: images.count,
    height: rows.outputs,
    width: columns.outputs,
    channels: outputs,
  };
  const gradients = padImages(workspace, gradientImages, { windows: [], channelMultiple: lanes });
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
      stripRows(padded, rows),
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
  const matrix = { count: 1, height: 1, width: rows };
  const x = padImages(workspace, { ...matrix, address: a, channels: inner }, { windows: [], beyond: beyond(inner) });
  const dy = padImages(
    workspace,
    { ...matrix, address: b, channels: outputs },
    { windows: [], channelMultiple: lanes },
  );
  const sums = gradientSums(workspace, 1, inner, outputs);
  const address = x.image(0);
  const gradients = dy.image(0);
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
      gradients + first * dy.columnBytes,
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
function beyond(runLength: number): number {
  return roundUp(runLength, 4) - runLength;
}

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

/** Channels and, where a row's taps are neighbours, the taps of a row follow each other: they are one run of numbers. */
function runsOf({ taps, spacing }: WindowAxis, channels: number): { count: number; length: number } {
  return spacing === 1 ? { count: 1, length: taps * channels } : { count: taps, length: channels };
}
