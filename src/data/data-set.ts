import { createHash } from 'node:crypto';
import { QfxError } from '../qfx/errors.js';

/** Images and their labels, in the same order. */
export interface ImagePart {
  /** Raw bytes: one image after the other, each row-major with channels last. */
  readonly images: Uint8Array;
  /** One class index an image. */
  readonly labels: Uint8Array;
}

/** Images of one shape with their classes, split for training and test. */
export interface DataSet {
  readonly name: string;
  /** The classes' names; a label is an index into them. */
  readonly classes: readonly string[];
  /** Height, width, channels. */
  readonly shape: readonly [height: number, width: number, channels: number];
  readonly train: ImagePart;
  readonly test: ImagePart;
  /** SHA-256 (hexadecimal) of what was read, for provenance. */
  readonly checksum: string;
}

/** What measuring a network needs of a data set. */
export type TestSet = Pick<DataSet, 'name' | 'classes' | 'shape' | 'test'>;

/** Where a loader may look, and what it says meanwhile. */
export interface DataOptions {
  /** One data set's folder; the only place looked at when given. */
  readonly folder?: string;
  /** Whether a loader that can download may do so. Defaults to true. */
  readonly download?: boolean;
  /** Called while a download runs; `total` is undefined when the server does not say. */
  readonly onProgress?: (progress: { readonly received: number; readonly total?: number }) => void;
  readonly signal?: AbortSignal;
}

/** Reads a data set; a user's own loader is such a function. */
export type DataLoader = (options: DataOptions) => Promise<DataSet> | DataSet;

/** Values of one image. */
export function imageSize(set: Pick<DataSet, 'shape'>): number {
  return set.shape[0] * set.shape[1] * set.shape[2];
}

/**
 * Checks that a data set is what it says: sizes agree and labels name classes. Loaders of users pass through here too.
 * Throws QfxError naming the data set and the part.
 */
export function validateDataSet(set: DataSet): DataSet {
  validateShape(set);
  validatePart(set, 'train', set.train);
  validatePart(set, 'test', set.test);
  return set;
}

/** The same for a data set without its training images. */
export function validateTestSet(set: TestSet): TestSet {
  validateShape(set);
  validatePart(set, 'test', set.test);
  return set;
}

function validateShape(set: TestSet): void {
  const where = `data set "${set.name}"`;
  if (set.classes.length === 0 || set.classes.length > 256)
    throw new QfxError(where, `has ${set.classes.length} classes; 1 to 256 are allowed`);
  if (set.shape.length !== 3 || !set.shape.every((size) => Number.isInteger(size) && size > 0))
    throw new QfxError(
      where,
      `has shape [${set.shape.join(', ')}]; height, width and channels must be positive integers`,
    );
}

function validatePart(set: TestSet, part: 'train' | 'test', { images, labels }: ImagePart): void {
  const where = `data set "${set.name}", ${part}`;
  if (labels.length === 0) throw new QfxError(where, 'is empty');
  if (images.length !== labels.length * imageSize(set))
    throw new QfxError(
      where,
      `has ${images.length} image bytes for ${labels.length} labels; ${labels.length} images of ${set.shape.join('x')} need ${labels.length * imageSize(set)}`,
    );
  const wrong = labels.findIndex((label) => label >= set.classes.length);
  if (wrong >= 0)
    throw new QfxError(
      `${where}, image ${wrong}`,
      `has label ${labels[wrong]}; there are ${set.classes.length} classes, so 0 to ${set.classes.length - 1} are allowed`,
    );
}

/** SHA-256 (hexadecimal) over the concatenation of byte arrays. */
export function checksumOf(parts: Iterable<Uint8Array>): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

/** Images stored as one plane a channel, rewritten with channels last. `images` holds whole images of this shape. */
export function planesToChannelsLast(images: Uint8Array, shape: DataSet['shape']): Uint8Array {
  const [height, width, channels] = shape;
  const pixels = height * width;
  const result = new Uint8Array(new SharedArrayBuffer(images.length)); // no thread needs a copy
  for (let start = 0; start < images.length; start += pixels * channels)
    for (let channel = 0; channel < channels; channel++)
      for (
        let pixel = 0, from = start + channel * pixels, to = start + channel;
        pixel < pixels;
        pixel++, to += channels
      )
        result[to] = images[from + pixel];
  return result;
}
