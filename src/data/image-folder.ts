import { readdir } from 'node:fs/promises';
import { extname } from 'node:path';
import { z } from 'zod';
import { QfxError } from '../qfx/errors.js';
import { labelsOf } from './data-set.js';
import type { ImagePart, ImageShape } from './data-set.js';
import { decodeImage, imageExtensions } from './image-file.js';
import type { DecodedImage } from './image-file.js';
import { commonOptions, loaderOf } from './loader.js';
import type { DataFolder } from './loader.js';
import { resize, sizeSchema } from './resize.js';
import { shuffled, splitSamples, splitSchema } from './split.js';

const schema = z.strictObject({
  ...commonOptions,
  /** Brings all images to one size; without it they must have one. */
  size: sizeSchema.optional(),
  /** 3: colours, grey images repeated. 1: grey. */
  channels: z.union([z.literal(1), z.literal(3)]).default(3),
  /** The folder with the training images, and the one with the test images. */
  train: z.string().min(1).default('train'),
  test: z.string().min(1).default('test'),
  /** For a folder that has no such parts. */
  split: splitSchema.optional(),
});
type Options = z.output<typeof schema>;

/** An image's file, relative to the data set's folder, and its class. */
interface Sample {
  readonly file: string;
  readonly className: string;
}

/**
 * Loads folders of PNG and JPEG files, one folder a class: `train/<class>/*` and `test/<class>/*`, or `<class>/*`, which are
 * split by a seed. The order of the images is random, a function of their paths and the seed.
 */
export const imageFolder = loaderOf({ name: 'imageFolder', schema, read });

async function read(folder: DataFolder, options: Options) {
  const { train, test, found } = await listParts(folder, options);
  const classes = options.classes ?? [...new Set([...train, ...test].map(({ className }) => className))].sort();
  let first: { readonly file: string; readonly image: DecodedImage } | undefined;
  const readPart = async (samples: readonly Sample[]): Promise<ImagePart> => {
    let images: Uint8Array = new Uint8Array(0);
    const labels: number[] = [];
    for (const [index, { file, className }] of samples.entries()) {
      const image = await readImage(folder, file, options);
      first ??= { file, image };
      requireSameSize(folder, file, image, first);
      const { length } = image.bytes;
      if (index === 0) images = new Uint8Array(new SharedArrayBuffer(samples.length * length)); // no thread needs a copy
      images.set(image.bytes, index * length);
      const label = classes.indexOf(className);
      if (label < 0)
        throw new QfxError(folder.place(file), `class "${className}" is none of the classes ${classes.join(', ')}`);
      labels.push(label);
    }
    return { images, labels: labelsOf(labels, classes.length) };
  };
  const parts = { train: await readPart(train), test: await readPart(test) };
  const { height, width, channels } = first!.image;
  const shape: ImageShape = [height, width, channels];
  return { set: { classes, shape, ...parts }, found: { ...found, classes } };
}

async function readImage(folder: DataFolder, file: string, { channels, size }: Options): Promise<DecodedImage> {
  const image = decodeImage(folder.place(file), await folder.read(file), channels);
  return size ? resize(image, size) : image;
}

function requireSameSize(
  folder: DataFolder,
  file: string,
  { height, width }: DecodedImage,
  { file: first, image }: { file: string; image: DecodedImage },
): void {
  if (height === image.height && width === image.width) return;
  throw new QfxError(
    folder.place(file),
    `is ${height} high and ${width} wide, ${first} ${image.height} and ${image.width}; all must have one size, or the option size must say which to bring them to`,
  );
}

/** The files of both parts in a random order. */
async function listParts(folder: DataFolder, options: Options) {
  const { train, test, split } = options;
  const folders = await subfolders(folder);
  const [hasTrain, hasTest] = [train, test].map((name) => folders.includes(name));
  if (hasTrain && hasTest) {
    if (split)
      throw new QfxError(
        folder.path,
        `holds the parts ${train}/ and ${test}/; the option split is for folders without`,
      );
    const [trainFiles, testFiles] = [await listClasses(folder, `${train}/`), await listClasses(folder, `${test}/`)];
    return { train: inRandomOrder(trainFiles), test: inRandomOrder(testFiles), found: {} };
  }
  if (hasTrain || hasTest) {
    const [there, lacking] = hasTrain ? [train, test] : [test, train];
    throw new QfxError(folder.path, `holds ${there}/, but no ${lacking}/`);
  }
  const samples = await listClasses(folder, '');
  const chosen = split ?? splitSchema.parse({});
  const keys = samples.map(({ file }) => file);
  const indices = splitSamples(keys, labelsByName(samples), chosen);
  const pick = (which: readonly number[]) => which.map((index) => samples[index]);
  return { train: pick(indices.train), test: pick(indices.test), found: { split: chosen } };
}

function labelsByName(samples: readonly Sample[]): number[] {
  const names = [...new Set(samples.map(({ className }) => className))];
  return samples.map(({ className }) => names.indexOf(className));
}

function inRandomOrder(samples: readonly Sample[]): Sample[] {
  const keys = samples.map(({ file }) => file);
  return shuffled(keys, splitSchema.parse({}).seed).map((index) => samples[index]);
}

/** All images in the class folders of a part. */
async function listClasses(folder: DataFolder, part: string): Promise<Sample[]> {
  const names = await subfolders(folder, part);
  if (names.length === 0) throw new QfxError(folder.place(part), 'holds no folders; one a class is needed');
  const samples: Sample[] = [];
  for (const className of names) {
    const files = await listImages(folder, `${part}${className}`);
    samples.push(...files.map((file) => ({ file, className })));
  }
  return samples;
}

async function listImages(folder: DataFolder, place: string): Promise<string[]> {
  const entries = (await visibleEntries(folder, place)).map(({ name }) => name).sort();
  const other = entries.find((name) => !imageExtensions.includes(extname(name).toLowerCase()));
  if (other !== undefined)
    throw new QfxError(
      folder.place(`${place}/${other}`),
      `is no image that can be read; a class's folder holds files that end in ${imageExtensions.join(', ')}, and nothing else`,
    );
  if (entries.length === 0) throw new QfxError(folder.place(place), 'holds no images');
  return entries.map((name) => `${place}/${name}`);
}

async function subfolders(folder: DataFolder, place = ''): Promise<string[]> {
  const entries = await visibleEntries(folder, place);
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** What file managers leave behind is no image. */
const clutter = ['Thumbs.db', 'desktop.ini'];

async function visibleEntries(folder: DataFolder, place: string) {
  const entries = await readdir(folder.place(place), { withFileTypes: true });
  return entries.filter(({ name }) => !name.startsWith('.') && !clutter.includes(name));
}
