import { mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadCifar10, loadTestData } from '../../src/data/index.js';

const files = [...[1, 2, 3, 4, 5].map((index) => `data_batch_${index}.bin`), 'test_batch.bin'];
const fileLength = 10_000 * 3073;

describe('CIFAR-10', () => {
  let root: string;

  /** Files of the right size: zeros (sparse) but for one record. */
  const writeBatches = async (folder: string) => {
    for (const [index, name] of files.entries()) {
      await writeFile(join(folder, name), '');
      await truncate(join(folder, name), fileLength);
      const record = new Uint8Array(3073);
      record[0] = index + 1;
      record.set([10, 11], 1); // R of the first two pixels
      record.set([20, 21], 1 + 1024); // G
      record.set([30, 31], 1 + 2048); // B
      const file = await open(join(folder, name), 'r+');
      await file.write(record, 0, record.length, 3073);
      await file.close();
    }
  };

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'qfx-cifar-'));
    vi.stubEnv('QFX_DATA', undefined);
    vi.stubEnv('XDG_CACHE_HOME', join(root, 'cache'));
    vi.stubEnv('LOCALAPPDATA', join(root, 'cache'));
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(root, { recursive: true });
  });

  it('turns planes into channels-last images', async () => {
    await writeBatches(root);
    const set = await loadCifar10({ folder: root });
    expect(set.shape).toEqual([32, 32, 3]);
    expect([set.train.labels.length, set.test.labels.length]).toEqual([50_000, 10_000]);
    expect([0, 1, 10_001, 40_001].map((image) => set.train.labels[image])).toEqual([0, 1, 2, 5]);
    expect(set.test.labels[1]).toBe(6);
    expect([...set.train.images.subarray(3072, 3072 + 7)]).toEqual([10, 20, 30, 11, 21, 31, 0]);
  });

  it('gives the test images without the files of the others', async () => {
    await writeBatches(root);
    const { test } = await loadCifar10({ folder: root });
    for (const file of files.slice(0, 5)) await rm(join(root, file));
    const alone = (await loadTestData('cifar10', { folder: root })).test;
    expect(
      [alone.images, alone.labels].map((bytes, part) =>
        Buffer.from(bytes).equals(Buffer.from([test.images, test.labels][part])),
      ),
    ).toEqual([true, true]);
    await rm(join(root, 'test_batch.bin'));
    await expect(loadTestData('cifar10', { folder: root })).rejects.toThrow(
      /lacks test_batch\.bin\. The folder must hold test/,
    );
  });

  it('names a truncated file and a wrong label', async () => {
    await writeBatches(root);
    await truncate(join(root, 'data_batch_3.bin'), fileLength - 3073);
    await expect(loadCifar10({ folder: root })).rejects.toThrow(/data_batch_3.bin: has 30726927 bytes; 10000 records/);
    await truncate(join(root, 'data_batch_3.bin'), 0);
    await expect(loadCifar10({ folder: root })).rejects.toThrow(/data_batch_3.bin: is empty/);
    await writeBatches(root);
    const file = await open(join(root, 'test_batch.bin'), 'r+');
    await file.write(new Uint8Array([10]), 0, 1, 0);
    await file.close();
    await expect(loadCifar10({ folder: root })).rejects.toThrow(/test_batch.bin: record 0 has label 10/);
  });

  it('names all the places it looked at', async () => {
    vi.stubEnv('QFX_DATA', join(root, 'data'));
    const error = await loadCifar10({ download: false }).catch((caught: Error) => caught);
    expect(String(error)).toContain(`QFX_DATA: ${join(root, 'data', 'cifar10')} (no such folder)`);
    expect(String(error)).toMatch(/cache: .*cifar10 \(no such folder\)/);
    expect(String(error)).toContain('https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz');
  });

  it('reads the folder that QFX_DATA names', async (context) => {
    vi.unstubAllEnvs();
    if (!process.env.QFX_DATA) {
      if (process.env.QFX_REQUIRE_ORACLES === '1') throw new Error('QFX_DATA is not set');
      context.skip('QFX_DATA is not set: the real CIFAR-10 was not read');
    }
    const set = await loadCifar10({ download: false });
    for (const part of [set.train, set.test]) {
      const counts = new Array<number>(10).fill(0);
      for (const label of part.labels) counts[label]++;
      expect(counts).toEqual(new Array(10).fill(part.labels.length / 10));
    }
  });
});
