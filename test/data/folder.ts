import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { loadData, loaderOfSource } from '../../src/data/index.js';
import type { DataLoader, DataSet } from '../../src/data/index.js';

/** A temporary folder that each test of a file gets anew. */
export function temporaryFolder() {
  let path = '';
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'qfx-data-'));
  });
  afterEach(() => rm(path, { recursive: true }));
  return {
    get path() {
      return path;
    },
    async write(file: string, content: string | Uint8Array): Promise<void> {
      await mkdir(dirname(join(path, file)), { recursive: true });
      await writeFile(join(path, file), content);
    },
  };
}

/** A data set, and the same from what a graph's provenance would hold of it. */
export async function loadTwice(loader: DataLoader): Promise<[DataSet, DataSet]> {
  const set = await loadData(loader);
  const source: unknown = JSON.parse(JSON.stringify(set.source));
  return [set, await loadData(loaderOfSource(source, 'source'))];
}
