import { QfxError } from '../qfx/errors.js';
import { loadCifar10, loadCifar10Test } from './cifar10.js';
import { validateDataSet } from './data-set.js';
import type { DataLoader, DataOptions, DataSet, TestSet } from './data-set.js';
import { loadMnist, loadMnistTest } from './mnist.js';

export { imageSize, planesToChannelsLast, validateDataSet } from './data-set.js';
export type { DataLoader, DataOptions, DataSet, ImagePart, TestSet } from './data-set.js';
export { loadCifar10 } from './cifar10.js';
export { loadMnist } from './mnist.js';

/** The data sets that QFX knows by name. */
export const dataSets = { mnist: loadMnist, cifar10: loadCifar10 } as const satisfies Record<string, DataLoader>;

export type DataSetName = keyof typeof dataSets;

const testSets: Readonly<Record<DataSetName, (options: DataOptions) => Promise<TestSet>>> = {
  mnist: loadMnistTest,
  cifar10: loadCifar10Test,
};

/** Reads a data set by name or by a loader of the user's own, and checks it. Throws QfxError, for an unknown name listing the known ones. */
export async function loadData(source: string | DataLoader, options: DataOptions = {}): Promise<DataSet> {
  if (typeof source === 'function') return validateDataSet(await source(options));
  return dataSets[knownName(source)](options);
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
