import { tf } from '../tensorflow.js';

/** Padding the way kernels get it: a word, a number for all sides, or explicit pairs for each of the four axes. */
type KernelPadding = 'same' | 'valid' | number | readonly (readonly [number, number])[];

/** Attributes that convolution and pooling kernels of the tensor library share. */
export interface WindowAttributes {
  readonly strides: number | readonly [number, number];
  readonly pad: KernelPadding;
  readonly dilations?: number | readonly [number, number] | null;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil' | null;
  readonly dataFormat?: 'NHWC' | 'NCHW';
}

/** All sizes of a window that moves over an image, in numbers. Tensors are [batch, height, width, channels]. */
export interface WindowGeometry {
  readonly batch: number;
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly inputChannels: number;
  readonly outputHeight: number;
  readonly outputWidth: number;
  readonly outputChannels: number;
  readonly windowHeight: number;
  readonly windowWidth: number;
  readonly strideHeight: number;
  readonly strideWidth: number;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
  readonly padTop: number;
  readonly padBottom: number;
  readonly padLeft: number;
  readonly padRight: number;
}

type Shape4D = [number, number, number, number];

/** The geometry of a convolution: `filterShape` is [height, width, input channels, output channels or multiplier]. */
export function convolutionGeometry(
  inputShape: readonly number[],
  filterShape: readonly number[],
  attributes: WindowAttributes,
  depthwise = false,
): WindowGeometry {
  if (attributes.dataFormat === 'NCHW') throw new Error('convolutions need channels last (NHWC)');
  const { strides, pad, dilations, dimRoundingMode } = attributes;
  return named(
    tf.backend_util.computeConv2DInfo(
      inputShape as Shape4D,
      filterShape as Shape4D,
      strides as [number, number],
      (dilations ?? 1) as [number, number],
      pad as 'same',
      dimRoundingMode ?? undefined,
      depthwise,
    ),
  );
}

/** The geometry of a pooling window of `windowSize`. */
export function poolingGeometry(
  inputShape: readonly number[],
  windowSize: number | readonly [number, number],
  { strides, pad, dimRoundingMode }: WindowAttributes,
): WindowGeometry {
  return named(
    tf.backend_util.computePool2DInfo(
      inputShape as Shape4D,
      windowSize as [number, number],
      strides as [number, number],
      1,
      pad as 'same',
      dimRoundingMode ?? undefined,
    ),
  );
}

/** Padding of rows and columns, [before, after] each, the way kernels take it. */
export function explicitPadding(rows: readonly [number, number], columns: readonly [number, number]): KernelPadding {
  return [[0, 0], rows, columns, [0, 0]];
}

/** [first, end) of the window positions whose element lies inside of an axis of `size` elements. */
export function validTaps(
  start: number,
  window: number,
  dilation: number,
  size: number,
): { first: number; end: number } {
  const first = start < 0 ? Math.ceil(-start / dilation) : 0;
  const end = Math.min(window, Math.ceil((size - start) / dilation));
  return { first, end: Math.max(end, first) };
}

function named(info: tf.backend_util.Conv2DInfo): WindowGeometry {
  return {
    batch: info.batchSize,
    inputHeight: info.inHeight,
    inputWidth: info.inWidth,
    inputChannels: info.inChannels,
    outputHeight: info.outHeight,
    outputWidth: info.outWidth,
    outputChannels: info.outChannels,
    windowHeight: info.filterHeight,
    windowWidth: info.filterWidth,
    strideHeight: info.strideHeight,
    strideWidth: info.strideWidth,
    dilationHeight: info.dilationHeight,
    dilationWidth: info.dilationWidth,
    padTop: info.padInfo.top,
    padBottom: info.padInfo.bottom,
    padLeft: info.padInfo.left,
    padRight: info.padInfo.right,
  };
}
