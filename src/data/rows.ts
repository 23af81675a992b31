import { z } from 'zod';
import { QfxError } from '../qfx/errors.js';
import { imageSize } from './data-set.js';
import type { ImageShape } from './data-set.js';
import type { Features } from './features.js';
import type { DataFolder } from './loader.js';
import { splitSamples, splitSchema } from './split.js';
import type { Split } from './split.js';

/** Options of formats whose files hold one sample a row. */
export const rowOptions = {
  /** Without test files: how the rows are split. */
  split: splitSchema.optional(),
  /** Height, width and channels that the features of a row are, row-major; [1, 1, features] by default. */
  shape: z.tuple([z.int().min(1), z.int().min(1), z.int().min(1)]).optional(),
};

/** Samples of a file: features, row-major, and one class index each. */
export interface Rows extends Features {
  readonly labels: ArrayLike<number>;
}

/** The rows with these indices. */
function pickRows({ values, count, labels }: Rows, indices: readonly number[]): Rows {
  const picked = new Float64Array(indices.length * count);
  indices.forEach((index, position) => {
    for (let feature = 0; feature < count; feature++)
      picked[position * count + feature] = values[index * count + feature];
  });
  return { values: picked, count, labels: indices.map((index) => labels[index]) };
}

/** Rows that nobody has split, by their number in the file. */
export function splitRows(rows: Rows, split: Split): { train: Rows; test: Rows } {
  const keys = Array.from({ length: rows.labels.length }, (_, row) => String(row));
  const { train, test } = splitSamples(keys, rows.labels, split);
  return { train: pickRows(rows, train), test: pickRows(rows, test) };
}

/** Throws QfxError when there is a test file, and a split, too. */
export function refuseSplit(folder: DataFolder, hasTest: boolean, split: Split | undefined): void {
  if (hasTest && split) throw new QfxError(folder.path, 'the options test and split are given; one of them is needed');
}

/** The shape of a row's features. Throws QfxError when the one that is wanted has another number of values. */
export function shapeOfRows(path: string, count: number, natural: ImageShape, wanted?: ImageShape): ImageShape {
  if (wanted === undefined) return natural;
  const size = imageSize({ shape: wanted });
  if (size === count) return wanted;
  throw new QfxError(path, `has ${count} features a row; the shape [${wanted.join(', ')}] needs ${size}`);
}
