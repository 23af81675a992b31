import { z } from 'zod';
import { QfxError } from '../qfx/errors.js';
import { labelsOf } from './data-set.js';
import type { ImagePart, ImageShape, InputFormat, RawIntegers } from './data-set.js';
import { featureOptions, quantizeParts } from './features.js';
import { commonOptions, loaderOf, numberedClasses } from './loader.js';
import type { DataFolder } from './loader.js';
import { refuseSplit, rowOptions, shapeOfRows, splitRows } from './rows.js';
import { splitSchema } from './split.js';

const filesSchema = z.strictObject({ images: z.string().min(1), labels: z.string().min(1) });

const schema = z.strictObject({
  ...commonOptions,
  ...rowOptions,
  /** An array of images (or features) and one of class indices. */
  train: filesSchema,
  /** Without it, `train` is split. */
  test: filesSchema.optional(),
  wordLength: featureOptions.wordLength.removeDefault().optional(),
  signed: featureOptions.signed.removeDefault().optional(),
  range: featureOptions.range.removeDefault().optional(),
});
type Options = z.output<typeof schema>;

/**
 * Loads arrays saved by NumPy's `np.save`: images [images, height, width], with channels [.., channels], or features
 * [samples, features], and labels [images]. Integers of 8 and 16 bits enter as they are; other numbers, or where
 * wordLength, signed or range are given, by ranges (docs/data.md).
 */
export const npyFiles = loaderOf({ name: 'npyFiles', schema, read });

async function read(folder: DataFolder, options: Options) {
  refuseSplit(folder, options.test !== undefined, options.split);
  const { classes: given, wordLength, signed, range } = options;
  const files = {
    train: await readPart(folder, options.train, given),
    test: options.test && (await readPart(folder, options.test, given)),
  };
  const { kind, rank, count } = files.train;
  const path = folder.place(options.train.images);
  const shape = shapeOfRows(path, count, files.train.shape, options.shape);
  if (files.test && files.test.shape.join() !== files.train.shape.join())
    throw new QfxError(
      folder.place(options.test!.images),
      `has images of ${files.test.shape.join(' x ')}, ${options.train.images} of ${files.train.shape.join(' x ')}`,
    );
  const split = files.test ? undefined : (options.split ?? splitSchema.parse({}));
  const parts = split ? splitRows(files.train, split) : { train: files.train, test: files.test! };
  const classes = given ?? numberedClasses(files.train.labels);
  const partOf = (labels: ArrayLike<number>, images: RawIntegers, input: InputFormat): ImagePart => ({
    images,
    labels: labelsOf(labels, classes.length),
    input,
  });
  const isExact = [wordLength, signed, range].every((option) => option === undefined) && kind.raw !== undefined;
  if (isExact) {
    if (files.test && files.test.kind !== kind)
      throw new QfxError(
        folder.place(options.test!.images),
        `holds ${files.test.kind.name}, ${options.train.images} ${kind.name}`,
      );
    const { input, from } = kind.raw!;
    const [train, test] = [parts.train, parts.test].map(({ labels, values }) => partOf(labels, from(values), input));
    return { set: { classes, shape, train, test }, found: { classes, split } };
  }
  const quantization = {
    wordLength: wordLength ?? 8,
    signed: signed ?? false,
    range: range ?? (rank === 2 ? 'each' : 'all'),
  };
  const { train, test, input, found } = quantizeParts('npyFiles', parts, quantization);
  const set = {
    classes,
    shape,
    train: partOf(parts.train.labels, train, input),
    test: partOf(parts.test.labels, test, input),
  };
  return { set, found: { ...found, classes, split } };
}

async function readPart(folder: DataFolder, files: Options['train'], classes: readonly string[] | undefined) {
  const path = folder.place(files.images);
  const { shape: sizes, values, kind } = parseNpy(path, await folder.read(files.images));
  if (sizes.length < 2 || sizes.length > 4)
    throw new QfxError(
      path,
      `is an array [${sizes.join(', ')}]; [images, features], [images, height, width] or [images, height, width, channels] is needed`,
    );
  const [images, ...own] = sizes;
  const labelPath = folder.place(files.labels);
  const labels = readLabels(labelPath, await folder.read(files.labels), classes);
  if (labels.length !== images) throw new QfxError(labelPath, `has ${labels.length} labels for ${images} images`);
  const shape: ImageShape = own.length === 1 ? [1, 1, own[0]] : [own[0], own[1], own[2] ?? 1];
  return { shape, count: shape[0] * shape[1] * shape[2], rank: sizes.length, values, kind, labels };
}

/** What 16 bits hold. */
const largestLabel = 2 ** 16 - 1;

function readLabels(path: string, bytes: Uint8Array, classes: readonly string[] | undefined): ArrayLike<number> {
  const { shape, values } = parseNpy(path, bytes);
  if (shape.length !== 1)
    throw new QfxError(path, `is an array [${shape.join(', ')}]; labels are [images], one class index each`);
  const largest = classes ? classes.length - 1 : largestLabel;
  for (let index = 0; index < values.length; index++)
    if (!Number.isInteger(values[index]) || values[index] < 0 || values[index] > largest)
      throw new QfxError(path, `index ${index}: found ${values[index]}; a class from 0 to ${largest} is needed`);
  return values;
}

/** A kind of numbers in a file. */
interface NumberKind {
  readonly name: string;
  readonly bytes: number;
  readonly read: (view: DataView, offset: number, isLittle: boolean) => number | bigint;
  /** Integers that can enter a network as they are. */
  readonly raw?: { readonly input: InputFormat; readonly from: (values: ArrayLike<number>) => RawIntegers };
}

const unsigned = (wordLength: number): InputFormat => ({ wordLength, binaryPoint: wordLength, signed: false });
const signed = (wordLength: number): InputFormat => ({ wordLength, binaryPoint: wordLength - 1, signed: true });

/** By the letters that NumPy uses. */
const kinds: Readonly<Record<string, NumberKind>> = {
  u1: {
    name: 'uint8',
    bytes: 1,
    read: (view, at) => view.getUint8(at),
    raw: { input: unsigned(8), from: (values) => Uint8Array.from(values) },
  },
  i1: {
    name: 'int8',
    bytes: 1,
    read: (view, at) => view.getInt8(at),
    raw: { input: signed(8), from: (values) => Int8Array.from(values) },
  },
  u2: {
    name: 'uint16',
    bytes: 2,
    read: (view, at, little) => view.getUint16(at, little),
    raw: { input: unsigned(16), from: (values) => Uint16Array.from(values) },
  },
  i2: {
    name: 'int16',
    bytes: 2,
    read: (view, at, little) => view.getInt16(at, little),
    raw: { input: signed(16), from: (values) => Int16Array.from(values) },
  },
  u4: { name: 'uint32', bytes: 4, read: (view, at, little) => view.getUint32(at, little) },
  i4: { name: 'int32', bytes: 4, read: (view, at, little) => view.getInt32(at, little) },
  u8: { name: 'uint64', bytes: 8, read: (view, at, little) => view.getBigUint64(at, little) },
  i8: { name: 'int64', bytes: 8, read: (view, at, little) => view.getBigInt64(at, little) },
  f4: { name: 'float32', bytes: 4, read: (view, at, little) => view.getFloat32(at, little) },
  f8: { name: 'float64', bytes: 8, read: (view, at, little) => view.getFloat64(at, little) },
};

/** An array of a file: row-major. */
interface NpyArray {
  readonly shape: readonly number[];
  readonly kind: NumberKind;
  readonly values: ArrayLike<number>;
}

/**
 * The array in a `.npy` file of version 1, 2 or 3 (NumPy Enhancement Proposal 1).
 * @param path for messages
 * @throws QfxError naming what is wrong, and the index of a value that cannot be taken
 */
export function parseNpy(path: string, bytes: Uint8Array): NpyArray {
  const { text, start } = headerOf(path, bytes);
  const [, order, letters] = /'descr':\s*'([<>|=])([a-z]\d+)'/.exec(text) ?? [];
  const kind = Object.hasOwn(kinds, letters ?? '') ? kinds[letters] : undefined;
  if (kind === undefined) {
    const known = Object.values(kinds)
      .map(({ name }) => name)
      .join(', ');
    throw new QfxError(path, `holds ${/'descr':\s*([^,}]*)/.exec(text)?.[1] ?? text}; ${known} are allowed`);
  }
  if (!/'fortran_order':\s*False/.test(text))
    throw new QfxError(path, 'is stored in Fortran order; save np.ascontiguousarray(x)');
  const shapeText = /'shape':\s*\(([\d\s,]*)\)/.exec(text)?.[1];
  if (shapeText === undefined) throw new QfxError(path, `has a header without a shape: ${text}`);
  const shape = shapeText
    .split(',')
    .filter((size) => size.trim() !== '')
    .map(Number);
  const length = shape.reduce((product, size) => product * size, 1);
  if (bytes.length - start !== length * kind.bytes)
    throw new QfxError(
      path,
      `has ${bytes.length - start} bytes of values; [${shape.join(', ')}] of ${kind.name} need ${length * kind.bytes}`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset + start);
  const values = new Float64Array(length);
  for (let index = 0; index < length; index++) {
    const value = kind.read(view, index * kind.bytes, order !== '>');
    values[index] = Number(value);
    if (!Number.isFinite(values[index]) || (typeof value === 'bigint' && BigInt(values[index]) !== value))
      throw new QfxError(path, `index ${index}: found ${value}, a finite number that a double holds is needed`);
  }
  return { shape, kind, values };
}

/** The header, a literal of Python, and where the values start. */
function headerOf(path: string, bytes: Uint8Array): { text: string; start: number } {
  const text = (from: number, to: number) => String.fromCharCode(...bytes.subarray(from, to));
  if (text(0, 2) === 'PK') throw new QfxError(path, 'is an archive of arrays (.npz); save each with np.save');
  if (text(1, 6) !== 'NUMPY' || bytes[0] !== 0x93 || bytes.length < 12)
    throw new QfxError(path, 'is no .npy file; those of np.save start with \\x93NUMPY');
  const version = bytes[6];
  if (version < 1 || version > 3) throw new QfxError(path, `is a .npy file of version ${version}; 1 to 3 are allowed`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [begin, length] = version === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  if (begin + length > bytes.length) throw new QfxError(path, 'is truncated in its header');
  return { text: text(begin, begin + length), start: begin + length };
}
