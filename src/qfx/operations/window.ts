import { QfxError } from '../errors.js';
import { limits } from '../limits.js';

/** [height, width] */
export type Pair = readonly [number, number];
/** [top, bottom, left, right] */
export type Padding = readonly [number, number, number, number];

/** How a window slides over an image. */
export interface WindowGeometry {
  /** Size of the image, [height, width]. */
  readonly input: Pair;
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly padding: Padding;
}

/** The taps of a window that lie on the image, along one axis: `first` to before `end`; none when they are equal. */
export interface TapRange {
  readonly first: number;
  readonly end: number;
}

/**
 * TensorFlow's rule: `same` gives ceil(input / stride) outputs and puts the odd cell at the bottom right; `valid` pads nothing.
 * @param input [height, width] of the image
 * @returns [top, bottom, left, right]
 */
export function resolvePadding(
  padding: 'same' | 'valid' | Padding,
  input: Pair,
  kernel: Pair,
  strides: Pair,
  dilations: Pair = [1, 1],
): Padding {
  if (padding === 'valid') return [0, 0, 0, 0];
  if (padding !== 'same') return padding;
  const along = (axis: 0 | 1): [number, number] => {
    const outputs = Math.ceil(input[axis] / strides[axis]);
    const reach = (kernel[axis] - 1) * dilations[axis] + 1;
    const total = Math.max((outputs - 1) * strides[axis] + reach - input[axis], 0);
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  };
  return [...along(0), ...along(1)];
}

/**
 * Height and width of the result.
 * @param where for the error when the window doesn't fit into the padded image
 */
export function windowOutputs(geometry: WindowGeometry, where: string): Pair {
  const along = (axis: 0 | 1) => {
    const { input, kernel, strides, dilations, padding } = geometry;
    const padded = input[axis] + padding[2 * axis] + padding[2 * axis + 1];
    const reach = (kernel[axis] - 1) * dilations[axis] + 1;
    if (reach > padded) {
      const name = axis === 0 ? 'rows' : 'columns';
      throw new QfxError(where, `the window spans ${reach} ${name}, the padded image has only ${padded}`);
    }
    const outputs = Math.floor((padded - reach) / strides[axis]) + 1;
    if (outputs > limits.imageSide) {
      throw new QfxError(
        where,
        `${outputs} output ${axis === 0 ? 'rows' : 'columns'}, at most ${limits.imageSide} are possible`,
      );
    }
    return outputs;
  };
  return [along(0), along(1)];
}

/** For each output row (axis 0) or column (axis 1) the taps that lie on the image. */
export function tapRanges(geometry: WindowGeometry, outputs: Pair, axis: 0 | 1): TapRange[] {
  const { input, kernel, strides, dilations, padding } = geometry;
  return Array.from({ length: outputs[axis] }, (_, output) => {
    const origin = output * strides[axis] - padding[2 * axis];
    const first = Math.max(0, Math.ceil(-origin / dilations[axis]));
    const end = Math.min(kernel[axis], Math.ceil((input[axis] - origin) / dilations[axis]));
    return { first: Math.min(first, kernel[axis]), end: Math.max(end, Math.min(first, kernel[axis])) };
  });
}

/** Those of the ranges that no other one contains, each once, in their order. */
export function largestRanges(ranges: readonly TapRange[]): TapRange[] {
  const ordered = [...ranges].sort((a, b) => a.first - b.first || b.end - a.end);
  let reached = -1;
  return ordered.filter(({ end }) => {
    const isLarger = end > reached;
    reached = Math.max(reached, end);
    return isLarger;
  });
}
