import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadData, loadTestData } from '../../src/data/index.js';

/** An IDX file of unsigned bytes. */
function idx(sizes: number[], elements: number[]): Uint8Array {
  const header = new DataView(new ArrayBuffer(4 + 4 * sizes.length));
  header.setUint32(0, 0x0800 + sizes.length);
  sizes.forEach((size, axis) => header.setUint32(4 + 4 * axis, size));
  return new Uint8Array([...new Uint8Array(header.buffer), ...elements]);
}

const image = (fill: number) => Array.from({ length: 28 * 28 }, () => fill);

describe('MNIST', () => {
  let folder: string;
  const write = (name: string, bytes: Uint8Array) => writeFile(join(folder, name), bytes);
  const writeAll = async () => {
    await write('train-images-idx3-ubyte', idx([2, 28, 28], [...image(1), ...image(2)]));
    await write('train-labels-idx1-ubyte', idx([2], [3, 4]));
    await write('t10k-images-idx3-ubyte', idx([1, 28, 28], image(255)));
    await write('t10k-labels-idx1-ubyte', idx([1], [9]));
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'qfx-mnist-'));
    vi.stubEnv('QFX_DATA', undefined);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });

  it('is read in full from the npm package', async () => {
    const set = await loadData('mnist');
    expect(set.shape).toEqual([28, 28, 1]);
    expect([set.train.labels.length, set.test.labels.length]).toEqual([60_000, 10_000]);
    expect([...set.train.labels.subarray(0, 5)]).toEqual([5, 0, 4, 1, 9]);
    expect([...set.test.labels.subarray(0, 5)]).toEqual([7, 2, 1, 0, 4]);
    expect(set.test.images.length).toBe(10_000 * 784);
    expect(set.checksum).toMatch(/^[0-9a-f]{64}$/);
    expect((await loadData('mnist')).checksum).toBe(set.checksum);
  });

  it('is read from a given folder', async () => {
    await writeAll();
    const set = await loadData('mnist', { folder });
    expect([...set.train.labels]).toEqual([3, 4]);
    expect([set.train.images[0], set.train.images[784], set.test.images[783]]).toEqual([1, 2, 255]);
  });

  it.each([
    ['an empty file', 'train-images-idx3-ubyte', new Uint8Array(0), /train-images-idx3-ubyte: is empty/],
    ['a truncated header', 't10k-labels-idx1-ubyte', new Uint8Array([0, 0, 8]), /t10k-labels-idx1-ubyte: is truncated/],
    ['a truncated file', 't10k-images-idx3-ubyte', idx([1, 28, 28], image(0).slice(1)), /has 799 bytes; its header/],
    ['a wrong kind of file', 'train-labels-idx1-ubyte', idx([2, 28, 28], []), /starts with 0x803; an IDX file/],
    [
      'other image sizes',
      'train-images-idx3-ubyte',
      idx([2, 1, 2], [1, 2, 3, 4]),
      /images of 1 x 2; MNIST's are 28 x 28/,
    ],
    ['too few labels', 'train-labels-idx1-ubyte', idx([1], [3]), /has 1 labels for 2 images/],
    ['a label that names no class', 't10k-labels-idx1-ubyte', idx([1], [10]), /label 10; there are 10 classes/],
  ])('refuses %s', async (_, name, bytes, message) => {
    await writeAll();
    await write(name, bytes);
    await expect(loadData('mnist', { folder })).rejects.toThrow(message);
  });

  it('names what a given folder lacks', async () => {
    await writeAll();
    await rm(join(folder, 't10k-labels-idx1-ubyte'));
    await expect(loadData('mnist', { folder })).rejects.toThrow(/lacks t10k-labels-idx1-ubyte/);
    await expect(loadData('mnist', { folder: join(folder, 'nowhere') })).rejects.toThrow(/nowhere: no such folder/);
  });
});

describe('data sets by name', () => {
  it('refuses an unknown name and lists the known ones', async () => {
    await expect(loadTestData('imagenet')).rejects.toThrow(/no data set "imagenet"/);
    await expect(loadData('imagenet')).rejects.toThrow(/no data set "imagenet"; known are mnist, cifar10/);
  });

  it('takes a loader and checks what it returns', async () => {
    const part = { images: new Uint8Array(8), labels: new Uint8Array([0, 1]) };
    const set = { name: 'own', classes: ['a', 'b'], shape: [2, 2, 1] as const, train: part, test: part, checksum: '' };
    expect(await loadData(() => set)).toBe(set);
    await expect(loadData(() => ({ ...set, classes: ['a'] }))).rejects.toThrow(/"own", train, image 1: has label 1/);
    const short = { images: new Uint8Array(7), labels: part.labels };
    await expect(loadData(() => ({ ...set, test: short }))).rejects.toThrow(/"own", test: has 7 image values for 2/);
    const empty = { images: new Uint8Array(0), labels: new Uint8Array(0) };
    await expect(loadData(() => ({ ...set, test: empty }))).rejects.toThrow(/"own", test: is empty/);
  });
});
