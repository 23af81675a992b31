import { gunzipSync } from 'node:zlib';
import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { QfxError } from '../qfx/errors.js';
import { labelsOf } from './data-set.js';
import type { ImagePart, ImageShape } from './data-set.js';
import { commonOptions, loaderOf, numberedClasses } from './loader.js';
import type { DataFolder } from './loader.js';

/** The names that MNIST's files have, and those of most data sets made after it. */
export const mnistFiles = {
  train: { images: 'train-images-idx3-ubyte', labels: 'train-labels-idx1-ubyte' },
  test: { images: 't10k-images-idx3-ubyte', labels: 't10k-labels-idx1-ubyte' },
} as const;

const filesSchema = z.strictObject({ images: z.string().min(1), labels: z.string().min(1) });

const schema = z.strictObject({
  ...commonOptions,
  /** The files of each part; MNIST's names by default. */
  train: filesSchema.default(mnistFiles.train),
  test: filesSchema.default(mnistFiles.test),
});
type Options = z.output<typeof schema>;

/**
 * Loads IDX files of unsigned bytes: images [images, height, width] or [images, height, width, channels], labels [images]. A
 * file may be compressed; where there is none of a name, `<name>.gz` is taken.
 */
export const idxFiles = loaderOf({ name: 'idxFiles', schema, read });

async function read(folder: DataFolder, options: Options) {
  const train = await readPart(folder, options.train);
  const test = await readPart(folder, options.test);
  if (train.shape.join() !== test.shape.join())
    throw new QfxError(
      folder.place(options.test.images),
      `has images of ${test.shape.join(' x ')}, ${options.train.images} of ${train.shape.join(' x ')}`,
    );
  const classes = options.classes ?? numberedClasses(train.labels);
  const partOf = ({ images, labels }: typeof train): ImagePart => ({
    images,
    labels: labelsOf(labels, classes.length),
  });
  const set = { classes, shape: train.shape, train: partOf(train), test: partOf(test) };
  return { set, found: { classes } };
}

async function readPart(folder: DataFolder, files: Options['train']) {
  const images = await readIdx(folder, files.images, [3, 4]);
  const labels = await readIdx(folder, files.labels, [1]);
  const [count, height, width, channels = 1] = images.sizes;
  if (labels.sizes[0] !== count)
    throw new QfxError(folder.place(files.labels), `has ${labels.sizes[0]} labels for ${count} images`);
  return {
    shape: [height, width, channels] satisfies ImageShape as ImageShape,
    images: images.elements,
    labels: labels.elements,
  };
}

async function readIdx(folder: DataFolder, file: string, ranks: readonly number[]): Promise<IdxArray> {
  const isThere = await stat(folder.place(file)).then(
    () => true,
    () => false,
  );
  const name = isThere || file.endsWith('.gz') ? file : `${file}.gz`;
  const bytes = await folder.read(name);
  const path = folder.place(name);
  return parseIdx(path, name.endsWith('.gz') ? decompress(path, bytes) : bytes, ranks);
}

function decompress(path: string, bytes: Uint8Array): Uint8Array {
  try {
    return gunzipSync(bytes);
  } catch (cause) {
    throw new QfxError(path, `cannot be decompressed: ${(cause as Error).message}`, { cause });
  }
}

/** Sizes of the axes, and the elements in row-major order. */
interface IdxArray {
  readonly sizes: readonly number[];
  readonly elements: Uint8Array;
}

/** The elements of an IDX file of unsigned bytes with one of these numbers of dimensions. Throws QfxError naming the file. */
export function parseIdx(path: string, bytes: Uint8Array, ranks: readonly number[]): IdxArray {
  const rank = ranks.find((allowed) => bytes[3] === allowed) ?? ranks[0];
  const headerLength = 4 + 4 * rank;
  if (bytes.length < headerLength)
    throw new QfxError(
      path,
      `is truncated: ${bytes.length} bytes, an IDX header of ${rank} dimensions has ${headerLength}`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0);
  const expected = 0x0800 + rank;
  if (magic !== expected)
    throw new QfxError(
      path,
      `starts with 0x${magic.toString(16)}; an IDX file of ${rank}-dimensional bytes starts with 0x${expected.toString(16)}`,
    );
  const sizes = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const length = headerLength + sizes.reduce((product, size) => product * size, 1);
  if (bytes.length !== length)
    throw new QfxError(
      path,
      `has ${bytes.length} bytes; its header announces ${sizes.join(' x ')} elements, which need ${length}`,
    );
  return { sizes, elements: bytes.subarray(headerLength) };
}
