import { z } from 'zod';
import { QfxError } from '../errors.js';
import { limits } from '../limits.js';
import type { IntegerTensor } from '../number/raw-array.js';
import { maximumNumberWordLength } from '../number/type.js';
import { paddingAmounts, positivePair, requireImage } from './checks.js';
import { layer } from './operation.js';
import type { NodeContext } from './operation.js';
import { tapRanges, windowOutputs } from './window.js';
import type { Padding, Pair, TapRange, WindowGeometry } from './window.js';

export const poolingAttributes = z.strictObject({
  poolSize: positivePair,
  strides: positivePair,
  padding: paddingAmounts,
});
export type PoolingAttributes = z.infer<typeof poolingAttributes>;

/** The windows of a pooling: for each output row and column the taps that lie on the image. */
export interface PoolingWindows {
  readonly geometry: WindowGeometry;
  readonly outputs: Pair;
  readonly channels: number;
  readonly rows: readonly TapRange[];
  readonly columns: readonly TapRange[];
}

/** Throws QfxError when the input is no image, a window doesn't fit, or one lies on padding alone. */
export function poolingWindows(
  context: Pick<NodeContext<PoolingAttributes>, 'name' | 'inputs' | 'attributes'>,
): PoolingWindows {
  const [height, width, channels] = requireImage(context);
  const { poolSize, strides, padding } = context.attributes;
  return { ...slide([height, width], poolSize, strides, padding, layer(context.name)), channels };
}

function slide(
  input: Pair,
  poolSize: Pair,
  strides: Pair,
  padding: Padding,
  where: string,
): Omit<PoolingWindows, 'channels'> {
  const geometry = { input, kernel: poolSize, strides, dilations: [1, 1], padding } as const;
  const outputs = windowOutputs(geometry, where);
  const rows = tapRanges(geometry, outputs, 0);
  const columns = tapRanges(geometry, outputs, 1);
  for (const [ranges, name] of [
    [rows, 'row'],
    [columns, 'column'],
  ] as const) {
    const empty = ranges.findIndex((range) => range.first === range.end);
    if (empty >= 0) throw new QfxError(where, `the windows of output ${name} ${empty} lie on padding alone`);
  }
  return { geometry, outputs, rows, columns };
}

/** The one window of a global pooling: the whole image. */
export function globalWindow(context: Pick<NodeContext, 'name' | 'inputs'>): PoolingWindows {
  const [height, width, channels] = requireImage(context);
  return { ...slide([height, width], [height, width], [1, 1], [0, 0, 0, 0], layer(context.name)), channels };
}

/** One window: where its pixel starts in the result, and where the pixels of its taps on the image start in the input. */
interface Window {
  readonly target: number;
  readonly pixels: readonly number[];
}

/** All windows, row by row. */
export function* windowsOf({ geometry, outputs, channels, rows, columns }: PoolingWindows): Generator<Window, void> {
  const { input, strides, padding } = geometry;
  for (let y = 0; y < outputs[0]; y++) {
    for (let x = 0; x < outputs[1]; x++) {
      const pixels: number[] = [];
      for (let row = rows[y].first; row < rows[y].end; row++) {
        for (let column = columns[x].first; column < columns[x].end; column++) {
          const inputRow = y * strides[0] - padding[0] + row;
          pixels.push((inputRow * input[1] + x * strides[1] - padding[2] + column) * channels);
        }
      }
      yield { target: (y * outputs[1] + x) * channels, pixels };
    }
  }
}

/**
 * The distinct numbers of taps that lie on the image, over all windows, ascending: what an average divides by.
 * @param input [height, width] of the image
 */
export function poolingCounts(input: Pair, poolSize: Pair, strides: Pair, padding: Padding): number[] {
  return countTaps(slide(input, poolSize, strides, padding, 'pooling'), 'pooling');
}

/**
 * The distinct numbers of taps on the image of these windows, ascending.
 * @param where for the error when there are absurdly many
 */
export function countTaps({ rows, columns }: Pick<PoolingWindows, 'rows' | 'columns'>, where: string): number[] {
  const lengths = (ranges: readonly TapRange[]) => new Set(ranges.map(({ first, end }) => end - first));
  const columnLengths = lengths(columns);
  const counts = new Set<number>();
  for (const row of lengths(rows)) {
    for (const column of columnLengths) counts.add(row * column);
    if (counts.size > limits.poolingCounts) {
      throw new QfxError(
        where,
        `its windows have more than ${limits.poolingCounts} different numbers of taps on the image`,
      );
    }
  }
  return [...counts].sort((a, b) => a - b);
}

/**
 * The constants that an average multiplies its exact sums with: for each count the nearest integer to 2^F / count, with
 * the largest binary point F at which they all fit the word length, less the zero bits that all of them end with (so that
 * powers of two stay exact and narrow).
 * @param wordLength 1 to 53 bits
 */
export function averageReciprocals(counts: readonly number[], wordLength: number): IntegerTensor {
  if (!Number.isInteger(wordLength) || wordLength < 1 || wordLength > maximumNumberWordLength) {
    throw new QfxError('averageReciprocals', `word length ${wordLength}, allowed: 1 to ${maximumNumberWordLength}`);
  }
  const nearest = (binaryPoint: number) =>
    counts.map((count) => ((1n << BigInt(binaryPoint + 1)) + BigInt(count)) / BigInt(2 * count));
  const largest = (raw: readonly bigint[]) => raw.reduce((most, value) => (value > most ? value : most), 0n);
  let binaryPoint = 0;
  while (largest(nearest(binaryPoint + 1)).toString(2).length <= wordLength) binaryPoint++;
  let raw = nearest(binaryPoint);
  while (binaryPoint > 0 && raw.every((value) => value % 2n === 0n)) {
    raw = raw.map((value) => value / 2n);
    binaryPoint--;
  }
  return {
    shape: [counts.length],
    format: { signed: false, wordLength: largest(raw).toString(2).length, binaryPoint },
    raw: Float64Array.from(raw, Number),
  };
}
