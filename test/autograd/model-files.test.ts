import { mkdtemp, readFile, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  freeze,
  freezeBinaryPoints,
  initializeBackend,
  modelFiles,
  quantizersOf,
  tf,
} from '../../src/autograd/index.js';
import { saveGraph } from '../../src/qfx/index.js';
import { byteImages, residualNetwork, trainABit } from './freeze/networks.js';

beforeAll(() => initializeBackend('wasm'));

describe('modelFiles', () => {
  let folder: string;
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'qfx-model-')), 'deep', 'model');
  });
  afterEach(() => rm(join(folder, '..', '..'), { recursive: true }));

  const quantizersIn = (model: tf.LayersModel) =>
    quantizersOf(model).map(({ layer, role, quantizer }) => [
      layer,
      role,
      quantizer.isFrozen,
      quantizer.positions,
      quantizer.binaryPoints,
    ]);

  it.each([
    ['while binary points learn', false],
    ['once they are frozen', true],
  ])('save and load give the same predictions and quantizers, %s', async (_, isFrozen) => {
    const model = residualNetwork();
    await trainABit(model);
    if (isFrozen) freezeBinaryPoints(model, byteImages(32, [6, 6, 2], 7));
    const saved = await model.save(modelFiles(folder));
    expect(saved.modelArtifactsInfo.weightDataBytes).toBeGreaterThan(0);
    expect((await readdir(folder)).sort()).toEqual(['model.json', 'weights.bin']);
    const loaded = await tf.loadLayersModel(modelFiles(folder));
    const images = byteImages(20, [6, 6, 2], 99);
    const predict = (network: tf.LayersModel) => (network.predict(images) as tf.Tensor).dataSync();
    expect(predict(loaded)).toEqual(predict(model));
    expect(quantizersIn(loaded)).toEqual(quantizersIn(model));
    expect(quantizersOf(loaded).every(({ quantizer }) => quantizer.isFrozen === isFrozen)).toBe(true);
    const samples = byteImages(64, [6, 6, 2]);
    expect(saveGraph(freeze(loaded, { samples, name: 'same' }))).toEqual(
      saveGraph(freeze(model, { samples, name: 'same' })),
    );
  });

  it('replaces an older save', async () => {
    await residualNetwork().save(modelFiles(folder));
    const model = residualNetwork();
    await trainABit(model, [], 1);
    await model.save(modelFiles(folder));
    const loaded = await tf.loadLayersModel(modelFiles(folder));
    const values = (network: tf.LayersModel) => network.getWeights().map((weight) => weight.dataSync());
    expect(values(loaded)).toEqual(values(model));
  });

  it('refuses what is missing or damaged, naming the file', async () => {
    const load = () => tf.loadLayersModel(modelFiles(folder));
    await expect(load()).rejects.toThrow(/model\.json: cannot be read: .*no such file/);
    await residualNetwork().save(modelFiles(folder));
    const [weights, json] = [join(folder, 'weights.bin'), join(folder, 'model.json')];
    const bytes = await readFile(weights);
    await truncate(weights, bytes.length - 4);
    await expect(load()).rejects.toThrow(/weights\.bin: \d+ bytes with SHA-256 .* cut off, damaged/);
    bytes[5] ^= 1;
    await writeFile(weights, bytes);
    await expect(load()).rejects.toThrow(/weights\.bin: \d+ bytes with SHA-256/);
    await rm(weights);
    await expect(load()).rejects.toThrow(/weights\.bin: cannot be read/);
    const text = await readFile(json, 'utf8');
    await writeFile(json, text.slice(0, -1));
    await expect(load()).rejects.toThrow(/model\.json: not JSON/);
    await writeFile(json, '{}');
    await expect(load()).rejects.toThrow(/model\.json: modelTopology: found undefined/);
  });

  it('says where it cannot write', async () => {
    const file = join(folder, '..', '..', 'file');
    await writeFile(file, '');
    await expect(residualNetwork().save(modelFiles(file))).rejects.toThrow(/file: cannot save the model: /);
  });
});
