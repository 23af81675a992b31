import type { TensorFormat } from '../../src/qfx/index.js';
import type { OperationCase } from './contract.js';
import type { Draw } from './draw.js';

/** A window on an image: [height, width] everywhere, padding [top, bottom, left, right]. */
export interface WindowCase {
  readonly input: readonly number[];
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: readonly number[];
}

/** A tap on the image: its place in the kernel and in the image. */
export interface Tap {
  readonly kernelRow: number;
  readonly kernelColumn: number;
  readonly row: number;
  readonly column: number;
}

/** Output size of a window along an axis, counted one by one. */
export function outputSize({ input, kernel, strides, dilations, padding }: WindowCase, axis: 0 | 1): number {
  const padded = input[axis] + padding[2 * axis] + padding[2 * axis + 1];
  let size = 0;
  for (let start = 0; start + (kernel[axis] - 1) * dilations[axis] < padded; start += strides[axis]) size++;
  return size;
}

/** All taps of each window that lie on the image, window by window. */
export function windows(window: WindowCase): Tap[][] {
  const { input, kernel, strides, dilations, padding } = window;
  const result: Tap[][] = [];
  for (let y = 0; y < outputSize(window, 0); y++) {
    for (let x = 0; x < outputSize(window, 1); x++) {
      const taps: Tap[] = [];
      for (let kernelRow = 0; kernelRow < kernel[0]; kernelRow++) {
        for (let kernelColumn = 0; kernelColumn < kernel[1]; kernelColumn++) {
          const row = y * strides[0] + kernelRow * dilations[0] - padding[0];
          const column = x * strides[1] + kernelColumn * dilations[1] - padding[2];
          if (row < 0 || row >= input[0] || column < 0 || column >= input[1]) continue;
          taps.push({ kernelRow, kernelColumn, row, column });
        }
      }
      result.push(taps);
    }
  }
  return result;
}

/** A window of at most 3x3 that fits into its padded image of at most 4x4. */
export function drawWindow(draw: Draw, { dilated, padded }: { dilated: boolean; padded: number }): WindowCase {
  const pair = (minimum: number, maximum: number) => [draw.integer(minimum, maximum), draw.integer(minimum, maximum)];
  const input = pair(1, 4);
  const kernel = pair(1, 3);
  const dilations = dilated ? pair(1, 2) : [1, 1];
  const padding = [...pair(0, padded), ...pair(0, padded)];
  for (const axis of [0, 1]) {
    const reach = (kernel[axis] - 1) * dilations[axis] + 1;
    const missing = reach - (input[axis] + padding[2 * axis] + padding[2 * axis + 1]);
    if (missing > 0) padding[2 * axis + draw.integer(0, 1)] += missing;
  }
  return { input, kernel, strides: pair(1, 3), dilations, padding };
}

/** True when all values of a channel have one format. */
export function isByChannel({ shape, format }: { shape: readonly number[]; format: TensorFormat }): boolean {
  return [format.wordLength, format.binaryPoint].every(
    (spread) => typeof spread === 'number' || ('axis' in spread && spread.axis === shape.length - 1),
  );
}

/** The refusal that everything which takes images has. */
export const refusesVectors = {
  what: 'a vector',
  change: (use: OperationCase) => ({
    ...use,
    inputs: [{ shape: [9], format: { signed: true, wordLength: 4, binaryPoint: 0 } }],
  }),
  message: /shape \[9\], needed: \[height, width, channels\]/,
};
