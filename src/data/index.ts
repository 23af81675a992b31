import { z } from 'zod';
import { parseConfiguration } from '../parse-configuration.js';
import { QfxError } from '../qfx/errors.js';
import { cifarBinary } from './cifar-binary.js';
import { loadCifar10, loadCifar10Test } from './cifar10.js';
import { csvFiles } from './csv.js';
import { validateDataSet } from './data-set.js';
import type { DataLoader, DataOptions, DataSet, TestSet } from './data-set.js';
import { idxFiles } from './idx.js';
import { imageFolder } from './image-folder.js';
import type { LoaderFactory } from './loader.js';
import { loadMnist, loadMnistTest } from './mnist.js';
import { npyFiles } from './npy.js';

export { imageBytes, imageSize, inputFormat, planesToChannelsLast, takeImages, validateDataSet } from './data-set.js';
export type {
  DataLoader,
  DataOptions,
  DataSet,
  DataSource,
  ImagePart,
  ImageShape,
  InputFormat,
  Labels,
  RawIntegers,
  TestSet,
} from './data-set.js';
export { cifarBinary } from './cifar-binary.js';
export { loadCifar10 } from './cifar10.js';
export { csvFiles } from './csv.js';
export { idxFiles } from './idx.js';
export { imageFolder } from './image-folder.js';
export { loadMnist } from './mnist.js';
export { npyFiles } from './npy.js';

/** The data sets that QFX knows by name. */
export const dataSets = { mnist: loadMnist, cifar10: loadCifar10 } as const satisfies Record<string, DataLoader>;

export type DataSetName = keyof typeof dataSets;

const testSets: Readonly<Record<DataSetName, (options: DataOptions) => Promise<TestSet>>> = {
  mnist: loadMnistTest,
  cifar10: loadCifar10Test,
};

/** The loaders of formats, by the names that a data set's source has for them. */
const formats: Readonly<Record<string, LoaderFactory<object>>> = {
  imageFolder,
  npyFiles: npyFiles as LoaderFactory<object>,
  csvFiles: csvFiles as LoaderFactory<object>,
  idxFiles,
  cifarBinary,
};

const sourceSchema = z.strictObject({
  loader: z.enum(Object.keys(formats)),
  folder: z.string().min(1),
  options: z.record(z.string(), z.unknown()),
});

/** Reads a data set by name or by a loader of the user's own, and checks it. Throws QfxError, for an unknown name listing the known ones. */
export async function loadData(source: string | DataLoader, options: DataOptions = {}): Promise<DataSet> {
  if (typeof source === 'function') return validateDataSet(await source(options));
  return dataSets[knownName(source)](options);
}

/** The loader of a data set's source (`DataSource`), as it stands in a graph's provenance. Throws QfxError for what is none. */
export function loaderOfSource(source: unknown, where: string): DataLoader {
  const { loader, folder, options } = parseConfiguration(sourceSchema, source, where);
  return formats[loader](folder, options);
}

/** Reads the test images of a data set by name, and nothing else of it. Throws QfxError as `loadData` does. */
export async function loadTestData(name: string, options: DataOptions = {}): Promise<TestSet> {
  return testSets[knownName(name)](options);
}

function knownName(name: string): DataSetName {
  if (Object.hasOwn(dataSets, name)) return name as DataSetName;
  const known = Object.keys(dataSets).join(', ');
  throw new QfxError('data', `no data set "${name}"; known are ${known}, or a function that returns one`);
}
