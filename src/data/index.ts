import { QfxError } from '../qfx/errors.js';
import { loadCifar10 } from './cifar10.js';
import { validateDataSet } from './data-set.js';
import type { DataLoader, DataOptions, DataSet } from './data-set.js';
import { loadMnist } from './mnist.js';

export { imageSize, planesToChannelsLast, validateDataSet } from './data-set.js';
export type { DataLoader, DataOptions, DataSet, ImagePart } from './data-set.js';
export { loadCifar10 } from './cifar10.js';
export { loadMnist } from './mnist.js';

/** The data sets that QFX knows by name. */
export const dataSets = { mnist: loadMnist, cifar10: loadCifar10 } as const satisfies Record<string, DataLoader>;

export type DataSetName = keyof typeof dataSets;

/** Reads a data set by name or by a loader of the user's own, and checks it. Throws QfxError, for an unknown name listing the known ones. */
export async function loadData(source: string | DataLoader, options: DataOptions = {}): Promise<DataSet> {
  if (typeof source === 'function') return validateDataSet(await source(options));
  if (!Object.hasOwn(dataSets, source))
    throw new QfxError(
      'data',
      `no data set "${source}"; known are ${Object.keys(dataSets).join(', ')}, or a function that returns one`,
    );
  return dataSets[source as DataSetName](options);
}
