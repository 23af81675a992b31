import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { firstImages, freeze, initializeBackend, quantizeModel, writeQuantized } from '../../../src/autograd/index.js';
import type { tf } from '../../../src/autograd/index.js';
import { bars } from '../../train/synthetic.js';
import { small } from './float-networks.js';

let folder: string;
beforeAll(async () => {
  await initializeBackend();
  folder = await mkdtemp(join(tmpdir(), 'qfx-quantized-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('is written whole or not at all, and an older one survives a failure', async () => {
  const data = bars({ train: 70, test: 64 });
  const { model, report } = await quantizeModel(small(), { data, evaluatedImages: 0 });
  const graph = freeze(model, { samples: firstImages(data.test, data.shape, 64) });
  const broken = Object.create(model, { save: { value: () => Promise.reject(new Error('full')) } }) as tf.LayersModel;
  const target = join(folder, 'result');

  await expect(writeQuantized(target, { model: broken, graph, report })).rejects.toThrow(
    /result: cannot be written: full/,
  );
  expect(await readdir(folder)).toEqual([]);

  await writeQuantized(target, { model, graph, report });
  const contents = async () =>
    Promise.all((await readdir(target)).filter((name) => name !== 'model').map((name) => readFile(join(target, name))));
  const before = await contents();
  const other = { ...report, name: 'other' };
  await expect(writeQuantized(target, { model: broken, graph, report: other })).rejects.toThrow(/full/);
  expect(await readdir(folder)).toEqual(['result']);
  expect(await contents()).toEqual(before);
  await writeQuantized(target, { model, graph, report: other });
  expect(await readdir(folder)).toEqual(['result']);
  expect(await contents()).not.toEqual(before);
});
