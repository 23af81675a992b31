import type { WeightedSum } from '../../../operations/weighted-sum.js';
import type { Lowering } from '../lowering.js';

/** Larger images, with their padding, are left to the reference. */
const maximumImageBytes = 2 ** 26;

/** How the windows of an image lie in memory. */
export interface Layout {
  /** Rows and columns of the image with its padding. */
  readonly rows: number;
  readonly columns: number;
  readonly bytes: number;
  /** The image is copied into one with room for the padding, or of another storage. */
  readonly copied: boolean;
  /** Bytes from window to window. */
  readonly rowBytes: number;
  readonly pixelBytes: number;
  /** Byte offsets of the runs of values under a window, and how many values each of them has. */
  readonly offsets: readonly number[];
  readonly length: number;
}

/**
 * How windows lie in an image of int16 (`wanted` 1) or int64 (3) that is stored as `storage`; undefined for an image that is too
 * large.
 */
export function layOut(
  { geometry, inputChannels, groups }: WeightedSum,
  storage: number,
  wanted: 1 | 3,
): Layout | undefined {
  const [height, width] = geometry.input;
  const [kernelHeight, kernelWidth] = geometry.kernel;
  const [top, bottom, left, right] = geometry.padding;
  const [rows, columns] = [height + top + bottom, width + left + right];
  const valueBytes = 2 ** wanted;
  const pixelBytes = inputChannels * valueBytes;
  const bytes = rows * columns * pixelBytes;
  if (bytes > maximumImageBytes) return undefined;
  // Taps side by side are one run, unless a group takes some of the channels only.
  const merged = groups === 1 && geometry.dilations[1] === 1;
  const length = (inputChannels / groups) * (merged ? kernelWidth : 1);
  const offsets = Array.from({ length: kernelHeight * (merged ? 1 : kernelWidth) }, (_, run) => {
    const row = merged ? run : Math.floor(run / kernelWidth);
    const column = merged ? 0 : run % kernelWidth;
    return (row * geometry.dilations[0] * columns + column * geometry.dilations[1]) * pixelBytes;
  });
  return {
    rows,
    columns,
    bytes,
    copied: storage !== wanted || rows !== height || columns !== width,
    rowBytes: geometry.strides[0] * columns * pixelBytes,
    pixelBytes: geometry.strides[1] * pixelBytes,
    offsets,
    length,
  };
}

/** Puts an image where its windows can be read; returns where that is. */
type PlaceImage = (image: number) => number;

/** Says where each image of a block is to be read; `wanted` as above. */
export function preparePlacing(
  { inputs, kernels, scratch }: Lowering,
  sum: WeightedSum,
  layout: Layout,
  wanted: 1 | 3,
): PlaceImage {
  const [input] = inputs;
  const imageBytes = input.count * 2 ** input.storage;
  if (!layout.copied) return (image) => input.address + image * imageBytes;
  const { geometry, inputChannels } = sum;
  const [height, width] = geometry.input;
  const [top, , left] = geometry.padding;
  const count = layout.columns * inputChannels;
  const first = top * count + left * inputChannels;
  const wide = wanted === 3 ? 1 : 0;
  return (image) => {
    const from = input.address + image * imageBytes;
    const row = width * inputChannels;
    kernels.padImage(from, input.storage, height, row, scratch.address, wide, layout.rows, count, first);
    return scratch.address;
  };
}

/** Outputs of one group of a convolution. */
export interface Outputs {
  readonly first: number;
  readonly count: number;
  /** Outputs of all groups. */
  readonly of: number;
}
