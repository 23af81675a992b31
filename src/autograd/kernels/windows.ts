import type { HeapCall } from '../tensorflow-heap.js';
import type { Assembly } from './assembly.js';
import type { WindowGeometry } from './geometry.js';

/** Windows over images at addresses, and images with what a window needs around and between their numbers. */

/** What of a kernel's call the functions here need. */
export type Workspace = Pick<HeapCall<unknown, Assembly>, 'functions' | 'scratch'>;

export const bytesPerNumber = 4;

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

/** The images that a window moves over in the forward pass. */
export function inputImages(address: number, g: WindowGeometry): Images {
  return { address, count: g.batch, height: g.inputHeight, width: g.inputWidth, channels: g.inputChannels };
}

/** dy as images. */
export function outputImages(address: number, g: WindowGeometry): Images {
  return { address, count: g.batch, height: g.outputHeight, width: g.outputWidth, channels: g.outputChannels };
}

/** The window of the forward pass. */
export function forwardWindow(g: WindowGeometry): Window {
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
export function gradientPhases(
  size: number,
  stride: number,
  padBefore: number,
  window: number,
  dilation: number,
): Phase[] {
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

/** What images have to have beyond themselves. */
interface Needs {
  /** Zero columns at their sides as far as these windows reach. */
  readonly windows: readonly WindowAxis[];
  /** Numbers that may be read after an image. Default: none. */
  readonly beyond?: number;
  /** Copies of each channel, one after the other. Default: one. */
  readonly multiplier?: number;
  /** Zeros up to a multiple of so many channels. Default: none. */
  readonly channelMultiple?: number;
}

/** Images that meet some needs. */
export interface PaddedImages {
  /** Zero columns left of an image. */
  readonly left: number;
  readonly channels: number;
  readonly columnBytes: number;
  readonly rowBytes: number;
  /** The address of one image; good until the next call. */
  image(index: number): number;
}

/** The images themselves where they meet the needs, else a copy of one at a time: what is read next is still in the cache. */
export function padImages(
  { functions, scratch }: Workspace,
  { address, height, width, channels }: Images,
  { windows, beyond = 0, multiplier = 1, channelMultiple = 1 }: Needs,
): PaddedImages {
  const reach = ({ outputs, stride, start, taps, spacing }: WindowAxis) =>
    taps === 0 ? 0 : (outputs - 1) * stride + start + (taps - 1) * spacing + 1;
  const left = Math.max(0, ...windows.map(({ start }) => -start));
  const right = Math.max(0, ...windows.map((window) => reach(window) - width));
  const paddedChannels = roundUp(channels * multiplier, channelMultiple);
  const columnBytes = paddedChannels * bytesPerNumber;
  const rowBytes = (left + width + right) * columnBytes;
  const imageBytes = height * width * channels * bytesPerNumber;
  const layout = { left, channels: paddedChannels, columnBytes, rowBytes };
  const isWide = paddedChannels > channels;
  if (left === 0 && right === 0 && beyond === 0 && !isWide)
    return { ...layout, image: (index) => address + index * imageBytes };
  const copy = scratch((height * rowBytes) / bytesPerNumber + beyond);
  const image = (index: number) => {
    const from = address + index * imageBytes;
    if (isWide) {
      functions.repeatChannels(from, copy, height, width, channels, multiplier, paddedChannels, left, right);
    } else {
      functions.padRows(from, copy, height, width * columnBytes, left * columnBytes, right * columnBytes);
    }
    return copy;
  };
  return { ...layout, image };
}

/** Bytes of an image's rows that stay in the fastest cache together with what else is read. */
const stripBytes = 20_000;

/** Rows of outputs whose windows stay in the fastest cache. */
export function stripRows({ rowBytes }: PaddedImages, { stride }: WindowAxis): number {
  return Math.max(1, Math.floor(stripBytes / (rowBytes * stride)));
}

export function roundUp(count: number, multiple: number): number {
  return Math.ceil(count / multiple) * multiple;
}
