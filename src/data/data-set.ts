import { createHash } from 'node:crypto';
import { QfxError } from '../qfx/errors.js';

/** The fixed-point type of what enters a network: a value is raw * 2^-binaryPoint. */
export interface InputFormat {
  /** Bits of a raw integer, the sign included: 1 to 16. */
  readonly wordLength: number;
  readonly binaryPoint: number;
  readonly signed: boolean;
}

/** Bytes of images mean byte / 256. */
export const imageBytes: InputFormat = { wordLength: 8, binaryPoint: 8, signed: false };

/** Raw integers; signed ones stand in arrays of signed integers. */
export type RawIntegers = Uint8Array | Int8Array | Uint16Array | Int16Array;

/** One class index an image. */
export type Labels = Uint8Array | Uint16Array;

/** Images (or other features) and their labels, in the same order. */
export interface ImagePart {
  /** Raw integers: one image after the other, each row-major with channels last. */
  readonly images: RawIntegers;
  readonly labels: Labels;
  /** What the raw integers mean; `imageBytes` where it is left out. */
  readonly input?: InputFormat;
}

export type ImageShape = readonly [height: number, width: number, channels: number];

/** Images of one shape with their classes, split for training and test. */
export interface DataSet {
  readonly name: string;
  /** The classes' names; a label is an index into them. */
  readonly classes: readonly string[];
  /** Height, width, channels; a row of n features is [1, 1, n]. */
  readonly shape: ImageShape;
  readonly train: ImagePart;
  readonly test: ImagePart;
  /** SHA-256 (hexadecimal) of what was read, for provenance. */
  readonly checksum: string;
  /** How QFX can read it again, where one of its loaders has read it; goes into a graph's provenance. */
  readonly source?: DataSource;
}

/** A loader of QFX with everything that decides about the integers, as JSON. */
export interface DataSource {
  /** The loader's name, for example `imageFolder`. */
  readonly loader: string;
  /** The data set's folder, as it was given. */
  readonly folder: string;
  /** The loader's options, with those filled in that it found in the data (classes, ranges). */
  readonly options: Readonly<Record<string, unknown>>;
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

/** What the raw integers of a part mean. */
export function inputFormat({ input = imageBytes }: Pick<ImagePart, 'input'>): InputFormat {
  return input;
}

/** The images of a part from one index up to another, without a copy. */
export function takeImages(part: ImagePart, from: number, to: number): ImagePart {
  const size = part.images.length / part.labels.length;
  return { ...part, images: part.images.subarray(from * size, to * size), labels: part.labels.subarray(from, to) };
}

/** Class indices in the narrowest array for so many classes. */
export function labelsOf(indices: ArrayLike<number>, classes: number): Labels {
  return classes <= 2 ** 8 ? Uint8Array.from(indices) : Uint16Array.from(indices);
}

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
  const [train, test] = [set.train, set.test].map((part) => describeInput(inputFormat(part)));
  if (train !== test)
    throw new QfxError(`data set "${set.name}"`, `has training images of ${train}, but test images of ${test}`);
  return set;
}

/** The same for a data set without its training images. */
export function validateTestSet(set: TestSet): TestSet {
  validateShape(set);
  validatePart(set, 'test', set.test);
  return set;
}

/** What labels of 16 bits can tell apart. */
const maximumClasses = 2 ** 16;

function validateShape(set: TestSet): void {
  const where = `data set "${set.name}"`;
  if (set.classes.length === 0 || set.classes.length > maximumClasses)
    throw new QfxError(where, `has ${set.classes.length} classes; 1 to ${maximumClasses} are allowed`);
  if (set.shape.length !== 3 || !set.shape.every((size) => Number.isInteger(size) && size > 0))
    throw new QfxError(
      where,
      `has shape [${set.shape.join(', ')}]; height, width and channels must be positive integers`,
    );
}

function validatePart(set: TestSet, name: 'train' | 'test', part: ImagePart): void {
  const { images, labels } = part;
  const where = `data set "${set.name}", ${name}`;
  if (labels.length === 0) throw new QfxError(where, 'is empty');
  if (images.length !== labels.length * imageSize(set))
    throw new QfxError(
      where,
      `has ${images.length} image values for ${labels.length} labels; ${labels.length} images of ${set.shape.join('x')} need ${labels.length * imageSize(set)}`,
    );
  validateInput(where, images, inputFormat(part), imageSize(set));
  const wrong = labels.findIndex((label) => label >= set.classes.length);
  if (wrong >= 0)
    throw new QfxError(
      `${where}, image ${wrong}`,
      `has label ${labels[wrong]}; there are ${set.classes.length} classes, so 0 to ${set.classes.length - 1} are allowed`,
    );
}

function describeInput({ wordLength, binaryPoint, signed }: InputFormat): string {
  return `${signed ? 'signed' : 'unsigned'} integers of ${wordLength} bits * 2^-${binaryPoint}`;
}

/** Throws QfxError when raw integers are none of their type. */
function validateInput(where: string, images: RawIntegers, format: InputFormat, size: number): void {
  const { wordLength, binaryPoint, signed } = format;
  const bits = 8 * images.BYTES_PER_ELEMENT;
  const isSigned = images instanceof Int8Array || images instanceof Int16Array;
  if (!Number.isInteger(wordLength) || wordLength < 1 || wordLength > bits || signed !== isSigned)
    throw new QfxError(
      `${where}, input`,
      `says ${describeInput(format)}; its images are ${images.constructor.name}, so ${isSigned ? 'signed' : 'unsigned'} ones of 1 to ${bits} bits are allowed`,
    );
  if (!Number.isInteger(binaryPoint) || Math.abs(binaryPoint) > maximumBinaryPoint)
    throw new QfxError(
      `${where}, input`,
      `has binary point ${binaryPoint}; whole numbers from -${maximumBinaryPoint} to ${maximumBinaryPoint} are allowed`,
    );
  if (wordLength === bits) return;
  const [low, high] = signed ? [-(2 ** (wordLength - 1)), 2 ** (wordLength - 1) - 1] : [0, 2 ** wordLength - 1];
  const wrong = images.findIndex((raw) => raw < low || raw > high);
  if (wrong >= 0)
    throw new QfxError(
      `${where}, image ${Math.floor(wrong / size)}`,
      `has raw integer ${images[wrong]}; ${describeInput(format)} go from ${low} to ${high}`,
    );
}

/** Beyond it, float32 tensors do not hold products exactly. */
const maximumBinaryPoint = 60;

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
