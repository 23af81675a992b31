import { packFilter } from './correlation.js';
import type { WindowGeometry } from './geometry.js';
import { bytesPerNumber } from './windows.js';
import type { Workspace } from './windows.js';

/**
 * Gradients of convolutions with 3 x 3 windows and stride 1 by Winograd's minimal filtering (assembly/winograd.ts): 16 products
 * for four outputs in place of 36. Not for the convolution itself, whose sums of integers have to stay exact: differences of
 * inputs have more bits than the inputs.
 */

/** Elements of a tile, each a plane of its own. */
const planeCount = 16;

/** Numbers of the planes that are worked on at once: they stay in the second cache. */
const numbersAtOnce = 65_536;

/** Whether the gradients of a convolution are computed here. */
export function isMinimalFilter(g: WindowGeometry): boolean {
  const isUnit = [g.strideHeight, g.strideWidth, g.dilationHeight, g.dilationWidth].every((step) => step === 1);
  const pads = [g.padTop, g.padBottom, g.padLeft, g.padRight];
  return (
    g.windowHeight === 3 &&
    g.windowWidth === 3 &&
    isUnit &&
    // Whole lanes, and outputs that reach no more than a window beyond the image.
    g.inputChannels % 8 === 0 &&
    g.outputChannels % 8 === 0 &&
    pads.every((pad) => pad <= 2)
  );
}

/** Images cut into tiles of 2 x 2. */
interface Tiling {
  /** Rows and columns of tiles in an image. */
  readonly rows: number;
  readonly columns: number;
  /** Rows of tiles in all images. */
  readonly total: number;
  /** Rows of tiles that are worked on at once. */
  readonly atOnce: number;
  readonly planeNumbers: (channels: number) => number;
}

function tilingOf(g: WindowGeometry, height: number, width: number): Tiling {
  const [rows, columns] = [Math.ceil(height / 2), Math.ceil(width / 2)];
  const total = g.batch * rows;
  const rowNumbers = planeCount * columns * (g.inputChannels + g.outputChannels);
  const atOnce = Math.min(total, Math.max(1, Math.floor(numbersAtOnce / rowNumbers)));
  return { rows, columns, total, atOnce, planeNumbers: (channels) => atOnce * columns * channels };
}

/** dx [N, H, W, Ci] from dy [N, Oh, Ow, Co] and filter [3, 3, Ci, Co]: dy under the turned filter. */
export function minimalInputGradient(
  workspace: Workspace,
  g: WindowGeometry,
  { dy, filter, dx }: Readonly<Record<'dy' | 'filter' | 'dx', number>>,
): void {
  const { functions, scratch } = workspace;
  const { inputHeight, inputWidth, inputChannels, outputHeight, outputWidth, outputChannels } = g;
  const tiling = tilingOf(g, inputHeight, inputWidth);
  const filters = turnedPlanes(workspace, g, filter);
  const planes = scratch(planeCount * tiling.planeNumbers(outputChannels));
  const products = scratch(planeCount * tiling.planeNumbers(inputChannels));
  const left = 2 - g.padLeft;
  const work = scratch(windowRoom(outputWidth, outputChannels, left, tiling));
  const resultWork = scratch(8 * tiling.columns * inputChannels);
  const [from, to] = [outputChannels, inputChannels].map((channels) => tiling.planeNumbers(channels) * bytesPerNumber);
  for (let first = 0; first < tiling.total; first += tiling.atOnce) {
    const end = Math.min(tiling.total, first + tiling.atOnce);
    functions.windowTiles(
      dy,
      outputHeight,
      outputWidth,
      outputChannels,
      2 - g.padTop,
      left,
      tiling.rows,
      tiling.columns,
      first,
      end,
      planes,
      from,
      work,
    );
    for (let plane = 0; plane < planeCount; plane++) {
      functions.correlate(
        planes + plane * from,
        1,
        0,
        outputChannels * bytesPerNumber,
        0,
        1,
        1,
        1,
        1,
        0,
        outputChannels,
        filters[plane],
        products + plane * to,
        1,
        (end - first) * tiling.columns,
        0,
        inputChannels * bytesPerNumber,
        inputChannels,
      );
    }
    functions.resultTiles(
      products,
      to,
      dx,
      inputHeight,
      inputWidth,
      inputChannels,
      tiling.rows,
      tiling.columns,
      first,
      end,
      resultWork,
    );
  }
}

/** The turned filter's planes, packed for `correlate`: inputs of the convolution are outputs here. */
function turnedPlanes(workspace: Workspace, g: WindowGeometry, filter: number): number[] {
  const { functions, scratch } = workspace;
  const { inputChannels: outputs, outputChannels: channels } = g;
  const count = outputs * channels;
  const tapBytes = count * bytesPerNumber;
  const planes = scratch(planeCount * count);
  functions.filterTiles(filter + 8 * tapBytes, -tapBytes, planes, count, scratch(12 * count));
  const one = { rows: { taps: 1 }, columns: { taps: 1 } };
  const order = { offset: 0, row: 0, column: 0, channel: 1, output: channels };
  return Array.from({ length: planeCount }, (_, plane) =>
    packFilter(workspace, planes + plane * tapBytes, one, channels, outputs, order),
  );
}

/** The filter's gradient [3, 3, Ci, Co] from x [N, H, W, Ci] and dy [N, Oh, Ow, Co]. */
export function minimalFilterGradient(
  { functions, scratch }: Workspace,
  g: WindowGeometry,
  { x, dy, filter }: Readonly<Record<'x' | 'dy' | 'filter', number>>,
): void {
  const { inputHeight, inputWidth, inputChannels, outputHeight, outputWidth, outputChannels } = g;
  const tiling = tilingOf(g, outputHeight, outputWidth);
  const windows = scratch(planeCount * tiling.planeNumbers(inputChannels));
  const gradients = scratch(planeCount * tiling.planeNumbers(outputChannels));
  const work = scratch(windowRoom(inputWidth, inputChannels, g.padLeft, tiling));
  const gradientWork = scratch((outputWidth + 8 * tiling.columns) * outputChannels);
  const count = inputChannels * outputChannels;
  const sums = scratch(planeCount * count);
  functions.clear(sums, planeCount * count);
  const [from, to] = [inputChannels, outputChannels].map((channels) => tiling.planeNumbers(channels) * bytesPerNumber);
  for (let first = 0; first < tiling.total; first += tiling.atOnce) {
    const end = Math.min(tiling.total, first + tiling.atOnce);
    functions.windowTiles(
      x,
      inputHeight,
      inputWidth,
      inputChannels,
      g.padTop,
      g.padLeft,
      tiling.rows,
      tiling.columns,
      first,
      end,
      windows,
      from,
      work,
    );
    functions.gradientTiles(
      dy,
      outputHeight,
      outputWidth,
      outputChannels,
      tiling.rows,
      tiling.columns,
      first,
      end,
      gradients,
      to,
      gradientWork,
    );
    const tiles = (end - first) * tiling.columns;
    for (let plane = 0; plane < planeCount; plane++) {
      functions.correlateGradient(
        windows + plane * from,
        1,
        0,
        inputChannels * bytesPerNumber,
        0,
        1,
        1,
        1,
        1,
        0,
        inputChannels,
        gradients + plane * to,
        1,
        tiles,
        outputChannels,
        sums + plane * count * bytesPerNumber,
        1,
      );
    }
  }
  functions.filterResults(sums, filter, count, scratch(12 * count));
}

/** Room that `windowTiles` needs: a row of the image, and four of tiles. */
function windowRoom(width: number, channels: number, left: number, { columns }: Tiling): number {
  return (width + 4 * Math.max(left + width, 2 * columns + 2)) * channels;
}
