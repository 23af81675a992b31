import { access } from 'node:fs/promises';
import { z } from 'zod';
import { QfxError } from '../qfx/errors.js';
import { labelsOf, planesToChannelsLast } from './data-set.js';
import type { ImagePart, ImageShape } from './data-set.js';
import { commonOptions, loaderOf, numberedClasses } from './loader.js';
import type { DataFolder } from './loader.js';

/** What a record holds: bytes of labels, then three planes R, G, B. */
interface RecordLayout {
  readonly shape: ImageShape;
  readonly labelBytes: number;
  /** Which of the bytes is the label. */
  readonly label: number;
  /** Labels stop there. */
  readonly classes: { readonly length: number };
}

/** The official files of CIFAR-10. */
export const cifar10 = {
  shape: [32, 32, 3],
  labelBytes: 1,
  label: 0,
  classes: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
  train: [1, 2, 3, 4, 5].map((index) => `data_batch_${index}.bin`),
  test: ['test_batch.bin'],
} as const;

/** The official files of CIFAR-100: the first label is one of 20 super-classes, the second one of 100 classes. */
const cifar100 = { shape: [32, 32, 3], labelBytes: 2, train: ['train.bin'], test: ['test.bin'] } as const;

const schema = z.strictObject({
  ...commonOptions,
  /** The records: those of CIFAR-10 (one label, 10 classes) or CIFAR-100 (two labels). */
  layout: z.enum(['cifar10', 'cifar100']).default('cifar10'),
  /** Which of CIFAR-100's labels: 100 fine or 20 coarse ones. */
  labels: z.enum(['fine', 'coarse']).optional(),
  /** The files of each part; the official names by default. */
  train: z.array(z.string().min(1)).min(1).optional(),
  test: z.array(z.string().min(1)).min(1).optional(),
});
type Options = z.output<typeof schema>;

/**
 * Loads files in the binary format of CIFAR-10 and CIFAR-100, with any number of records. Names of CIFAR-100's classes are read
 * from `fine_label_names.txt` or `coarse_label_names.txt` where it is there.
 */
export const cifarBinary = loaderOf({ name: 'cifarBinary', schema, read });

async function read(folder: DataFolder, options: Options) {
  const { layout, labels = 'fine' } = options;
  if (layout === 'cifar10' && options.labels !== undefined)
    throw new QfxError('cifarBinary: labels', `found "${options.labels}"; records of cifar10 have one label only`);
  const official = layout === 'cifar10' ? cifar10 : cifar100;
  const { train = [...official.train], test = [...official.test] } = options;
  const classes =
    options.classes ?? (layout === 'cifar10' ? [...cifar10.classes] : await classesOfCifar100(folder, labels));
  const records = { shape: official.shape, labelBytes: official.labelBytes, classes };
  const readPart = async (files: readonly string[]) => {
    const batches: Batch[] = [];
    for (const file of files) batches.push({ path: folder.place(file), bytes: await folder.read(file) });
    return parseRecords(batches, { ...records, label: layout === 'cifar100' && labels === 'fine' ? 1 : 0 });
  };
  const parts = { train: await readPart(train), test: await readPart(test) };
  return { set: { classes, shape: official.shape, ...parts }, found: { classes } };
}

async function classesOfCifar100(folder: DataFolder, labels: 'fine' | 'coarse'): Promise<string[]> {
  const file = `${labels}_label_names.txt`;
  const isThere = await access(folder.place(file)).then(
    () => true,
    () => false,
  );
  if (!isThere) return numberedClasses([labels === 'fine' ? 99 : 19]);
  return new TextDecoder()
    .decode(await folder.read(file))
    .trim()
    .split(/\s*\n\s*/);
}

/** A file of records. */
export interface Batch {
  /** For messages. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** Length of a record. */
export function recordBytes({ shape: [height, width, channels], labelBytes }: RecordLayout): number {
  return labelBytes + height * width * channels;
}

/** Images and labels of files of records. Throws QfxError naming the file, and the record where a label is wrong. */
export function parseRecords(batches: readonly Batch[], layout: RecordLayout): ImagePart {
  const { shape, labelBytes, label, classes } = layout;
  const length = recordBytes(layout);
  const short = batches.find(({ bytes }) => bytes.length % length !== 0);
  if (short)
    throw new QfxError(
      short.path,
      `has ${short.bytes.length} bytes, which are no whole number of records of ${length} bytes. Is it truncated?`,
    );
  const count = batches.reduce((sum, { bytes }) => sum + bytes.length / length, 0);
  const labels = labelsOf({ length: count }, classes.length);
  const planes = new Uint8Array(count * (length - labelBytes));
  let image = 0;
  for (const { path, bytes } of batches)
    for (let start = 0; start < bytes.length; start += length, image++) {
      labels[image] = bytes[start + label];
      if (labels[image] >= classes.length)
        throw new QfxError(
          path,
          `record ${start / length} has label ${labels[image]}; 0 to ${classes.length - 1} are allowed`,
        );
      planes.set(bytes.subarray(start + labelBytes, start + length), image * (length - labelBytes));
    }
  return { images: planesToChannelsLast(planes, shape), labels };
}
