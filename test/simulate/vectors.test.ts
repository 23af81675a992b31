import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeInputs } from '../../src/hls-codegen/simulate/inputs.js';
import { fromBytes, storedBytes, storeRaw, toBytes } from '../../src/hls-codegen/simulate/storage.js';
import { encodeVectors, readManifest, writeVectors } from '../../src/hls-codegen/simulate/vectors.js';
import type { Executor, VectorProject } from '../../src/hls-codegen/simulate/vectors.js';
import type { FixedPointFormat } from '../../src/qfx/number/type.js';
import { rawRange } from '../../src/qfx/number/type.js';

const format = (signed: boolean, wordLength: number): FixedPointFormat => ({ signed, wordLength, binaryPoint: 0 });

describe('seeded images', () => {
  it('begin with all-minimum, all-maximum and alternating, for every type', () => {
    const formats = fc.record({ signed: fc.boolean(), wordLength: fc.integer({ min: 0, max: 64 }) });
    fc.assert(
      fc.property(formats, ({ signed, wordLength }) => {
        const { minimum, maximum } = rawRange(format(signed, wordLength));
        const images = makeInputs(format(signed, wordLength), [2, 2], 8, 1);
        const image = (index: number) => Array.from(images.image(index), BigInt);
        expect(image(0)).toEqual([minimum, minimum, minimum, minimum]);
        expect(image(1)).toEqual([maximum, maximum, maximum, maximum]);
        expect(image(2)).toEqual([minimum, maximum, minimum, maximum]);
        for (let index = 3; index < 8; index++) {
          for (const value of image(index)) expect(value >= minimum && value <= maximum).toBe(true);
        }
      }),
    );
  });

  it('cover the whole range evenly', () => {
    for (const signed of [false, true]) {
      const counts = new Map<number, number>();
      const images = makeInputs(format(signed, 3), [1000], 11, 5);
      for (let index = 3; index < 11; index++) {
        for (const value of Array.from(images.image(index), Number)) counts.set(value, (counts.get(value) ?? 0) + 1);
      }
      const expected = [0, 1, 2, 3, 4, 5, 6, 7].map((value) => (signed ? value - 4 : value));
      expect([...counts.keys()].sort((a, b) => a - b)).toEqual(expected);
      for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(150);
    }
  });

  it('use all bits of wide types', () => {
    for (const wordLength of [32, 40, 53, 60, 64]) {
      const image = Array.from(makeInputs(format(false, wordLength), [200], 4, 9).image(3), BigInt);
      for (let bit = 0n; bit < BigInt(wordLength); bit++) {
        const ones = image.filter((value) => (value >> bit) & 1n).length;
        expect(ones).toBeGreaterThan(50);
        expect(ones).toBeLessThan(150);
      }
    }
  });

  it('depend on seed and index only', () => {
    const image = (count: number, seed: number, index: number) =>
      Array.from(makeInputs(format(true, 8), [64], count, seed).image(index), Number);
    expect(image(4, 1, 3)).toEqual(image(100, 1, 3));
    expect(image(5, 1, 4)).not.toEqual(image(5, 1, 3));
    expect(image(4, 2, 3)).not.toEqual(image(4, 1, 3));
  });
});

describe('storage', () => {
  it('takes the smallest native integer and gives every raw integer back', () => {
    expect([0, 1, 8, 9, 16, 17, 32, 33, 64].map((wordLength) => storedBytes(format(false, wordLength)))).toEqual([
      1, 1, 1, 2, 2, 4, 4, 8, 8,
    ]);
    for (const signed of [false, true]) {
      for (const wordLength of [1, 7, 8, 9, 16, 24, 32, 33, 53, 54, 64]) {
        const type = format(signed, wordLength);
        const { minimum, maximum } = rawRange(type);
        const values = [minimum, minimum / 3n, 0n, maximum / 3n, maximum];
        const stored = storeRaw(values, type, 'test');
        expect(Array.from(fromBytes(toBytes(stored), type), BigInt)).toEqual(values);
      }
    }
  });

  it('is little-endian', () => {
    expect([...toBytes(storeRaw([0x102, -2], format(true, 12), 'test'))]).toEqual([0x02, 0x01, 0xfe, 0xff]);
  });

  it('refuses what the type does not have, naming it', () => {
    const store =
      (value: number | bigint, wordLength = 8) =>
      () =>
        storeRaw([0, value], format(false, wordLength), 'image 3');
    expect(store(256)).toThrow('image 3: value 1 is 256, allowed: integers 0 to 255');
    expect(store(-1)).toThrow('value 1 is -1');
    expect(store(0.5)).toThrow('value 1 is 0.5');
    expect(store(NaN)).toThrow('value 1 is NaN');
    expect(store(1n << 60n, 60)).toThrow('value 1 is 1152921504606846976');
    expect(store(2 ** 53, 60)).toThrow('value 1 is 9007199254740992');
  });
});

describe('vector files', () => {
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'qfx-test-vectors-'))));
  afterAll(() => rm(folder, { recursive: true }));

  const layer = (index: number, name: string, type: FixedPointFormat) => ({
    index,
    name,
    identifier: `l${index}_${name}`,
    operation: 'requantize',
    inputs: [],
    shape: [3],
    valuesPerImage: 3,
    lanes: 1,
    format: type,
  });
  const types = [format(false, 8), format(true, 12)];
  const port = { port: 'input', layer: 0, lanes: 1, slotBits: 16, wordsPerImage: 3 };
  const project: VectorProject = {
    layers: [layer(0, 'image', types[0]), layer(1, 'twice', types[1])],
    input: port,
    outputs: [{ ...port, port: 'output', layer: 1 }],
  };
  const tensor = (type: FixedPointFormat, raw: ArrayLike<number>) => ({
    shape: [3],
    format: { ...type, rounding: 'AP_TRN', overflow: 'AP_WRAP' } as const,
    raw: Float64Array.from(raw),
  });
  /** Doubles, two images at a time; layers are given for as many as they are asked for. */
  const executor: Executor = async function* (images, { layersFor }) {
    for (let first = 0; first < images.count;) {
      const layers = first < layersFor;
      const end = Math.min(first + 2, layers ? layersFor : images.count);
      const raw: number[] = [];
      for (let index = first; index < end; index++) raw.push(...Array.from(images.image(index), Number));
      const twice = tensor(
        types[1],
        raw.map((value) => value * 2),
      );
      const all = { image: tensor(types[0], raw), twice };
      yield { first, images: end - first, outputs: { twice }, layers: layers ? all : {} };
      first = end;
    }
  };
  const inputs = { count: 3, image: (index: number) => [index, 10 * index, 100 * index] };

  it('list inputs, layers for the first images, outputs for all', async () => {
    const path = join(folder, 'some');
    const done: number[] = [];
    await writeVectors(project, executor, inputs, path, { layersFor: 2, onImage: (image) => done.push(image) });
    expect(done).toEqual([1, 2, 3]);
    expect(await readFile(join(path, 'vectors.txt'), 'utf8')).toBe(
      [
        'qfx-vectors 1',
        'images 3',
        'input 0 3 3 1 unsigned input.bin',
        'layer 0 2 3 1 unsigned layer-l0_image.bin',
        'layer 1 2 3 2 signed layer-l1_twice.bin',
        'output 0 3 3 2 signed output-output.bin',
        'end',
        '',
      ].join('\n'),
    );
    expect([...(await readFile(join(path, 'input.bin')))]).toEqual([0, 0, 0, 1, 10, 100, 2, 20, 200]);
    expect([...(await readFile(join(path, 'layer-l1_twice.bin')))]).toEqual([0, 0, 0, 0, 0, 0, 2, 0, 20, 0, 200, 0]);
    expect((await readFile(join(path, 'output-output.bin'))).length).toBe(18);
  });

  it('are the same in memory and on disk, whenever they are made', async () => {
    const path = join(folder, 'all');
    await writeVectors(project, executor, inputs, path);
    const encoded = await encodeVectors(project, executor, inputs);
    expect([...encoded.keys()].sort()).toEqual((await readdir(path)).sort());
    for (const [name, content] of encoded) expect(Buffer.from(content)).toEqual(await readFile(join(path, name)));
  });

  it('hold every image of a source that fills the same array again', async () => {
    const reused = new Uint8Array(3);
    const again = { count: 3, image: (index: number) => (reused.set(inputs.image(index)), reused) };
    expect(await encodeVectors(project, executor, again)).toEqual(await encodeVectors(project, executor, inputs));
  });

  it('hold no layers when none are wanted', async () => {
    const path = join(folder, 'outputs');
    await writeVectors(project, executor, inputs, path, { layersFor: 0 });
    expect((await readManifest(path)).files.map(({ kind }) => kind)).toEqual(['input', 'output']);
  });

  it('are refused where the executor and the project differ', async () => {
    const other = { ...project, layers: [project.layers[0], { ...project.layers[1], valuesPerImage: 4 }] };
    await expect(writeVectors(other, executor, inputs, join(folder, 'other'))).rejects.toThrow(
      'image 0, layer "twice": 3 values, the project has 4',
    );
  });

  it('stop at an abort, and name a folder that cannot be written', async () => {
    const path = join(folder, 'aborted');
    const abort = new AbortController();
    const onImage = () => abort.abort(new Error('enough'));
    await expect(writeVectors(project, executor, inputs, path, { onImage, signal: abort.signal })).rejects.toThrow(
      'enough',
    );
    await expect(readManifest(path)).rejects.toThrow('no test vectors');
    await writeFile(join(folder, 'file'), '');
    await expect(writeVectors(project, executor, inputs, join(folder, 'file'))).rejects.toThrow(
      /file: cannot write test vectors \(.*exist/,
    );
  });

  it('are refused when their list is cut off or something else', async () => {
    const path = join(folder, 'all');
    const list = await readFile(join(path, 'vectors.txt'), 'utf8');
    for (const [text, message] of [
      [list.slice(0, -6), 'cut off'],
      ['', 'not a list of test vectors'],
      [list.replace('images 3', 'images none'), 'not a list of test vectors'],
      [list.replace('layer 1', 'thing 1'), 'not understood: thing 1 3 3 2 signed layer-l1_twice.bin'],
    ]) {
      await writeFile(join(path, 'vectors.txt'), text);
      await expect(readManifest(path)).rejects.toThrow(message);
    }
  });
});
