import { join } from 'node:path';
import { QfxError } from '../qfx/errors.js';
import { cifar10, parseRecords, recordBytes } from './cifar-binary.js';
import type { Batch } from './cifar-binary.js';
import { checksumOf, validateDataSet, validateTestSet } from './data-set.js';
import type { DataOptions, DataSet, ImagePart, TestSet } from './data-set.js';
import { downloadArchive } from './download.js';
import { dataCacheFolder, dataNotFound, locateData, readDataFile } from './locate.js';

const { shape, classes } = cifar10;
const recordLength = recordBytes(cifar10);
const recordsPerFile = 10_000;
const { train: trainFiles, test: testFiles } = cifar10;

/** The official archive (https://www.cs.toronto.edu/~kriz/cifar.html). */
const archive = {
  url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
  sha256: 'c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd',
  size: 170_052_171,
  /** Names in the archive start with `cifar-10-batches-bin/`. */
  strip: 1,
};

const name = 'cifar10';

/** Images and labels of files that all hold as many records. */
async function readPart(
  folder: string,
  files: readonly string[],
  read = new Map<string, Uint8Array>(),
): Promise<ImagePart> {
  const batches: Batch[] = [];
  for (const file of files) {
    const path = join(folder, file);
    const bytes = await readDataFile(path);
    if (bytes.length !== recordsPerFile * recordLength)
      throw new QfxError(
        path,
        `has ${bytes.length} bytes; ${recordsPerFile} records of ${recordLength} bytes are ${recordsPerFile * recordLength}. Is it truncated?`,
      );
    read.set(file, bytes);
    batches.push({ path, bytes });
  }
  return parseRecords(batches, cifar10);
}

/** The folder that holds these files; the official archive is downloaded where there is none, and allowed. */
async function findFolder(files: readonly string[], options: DataOptions): Promise<string> {
  const contents = { name, files };
  const place = await locateData(contents, { folder: options.folder });
  if (place.found) return place.folder;
  const remedy = `Name a folder with its binary batch files, set QFX_DATA, or let QFX download ${archive.url}`;
  if (options.download === false) throw dataNotFound(contents, place.lookedAt, `${remedy} (downloads are off now).`);
  const folder = join(dataCacheFolder(), name);
  try {
    await downloadArchive(archive, folder, options);
    return folder;
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    throw dataNotFound(contents, [...place.lookedAt, `download: ${(cause as Error).message}`], `${remedy}.`);
  }
}

/**
 * CIFAR-10 (50,000 and 10,000 images of 32 x 32 x 3 bytes, 10 classes) from its binary batch files: the given folder,
 * `QFX_DATA/cifar10`, the user's cache, or the official archive, downloaded once into the cache and checked.
 */
export async function loadCifar10(options: DataOptions = {}): Promise<DataSet> {
  const folder = await findFolder([...trainFiles, ...testFiles], options);
  const read = new Map<string, Uint8Array>();
  const train = await readPart(folder, trainFiles, read);
  const test = await readPart(folder, testFiles, read);
  return validateDataSet({ name, classes, shape, train, test, checksum: checksumOf(read.values()) });
}

/** The test images of CIFAR-10, from the same places; nothing else is read, nor needs to be there. */
export async function loadCifar10Test(options: DataOptions = {}): Promise<TestSet> {
  const folder = await findFolder(testFiles, options);
  return validateTestSet({ name, classes, shape, test: await readPart(folder, testFiles) });
}
