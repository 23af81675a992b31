import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withFront } from '../../src/cli/sweep.js';
import { expectRefusal, Terminal } from './support.js';

/** Three steps of a network whose weights have the word length of a sweep, or learn it. */
const description = `
  const part = { images: Uint8Array.from({ length: 6400 }, (_, index) => index % 251), labels: new Uint8Array(100) };
  export default {
    name: 'noise',
    data: () => ({ name: 'noise', classes: ['a', 'b'], shape: [8, 8, 1], train: part, test: part, checksum: 'none' }),
    model: ({ tf, layers, wordLength = { initial: 6, maximum: 8 } }) => {
      const q = layers({ weights: { wordLength }, activations: { wordLength: 4 } });
      const input = q.input({ inputShape: [8, 8, 1], wordLength: 8, binaryPoint: 8 });
      return tf.sequential({ layers: [input, q.flatten({ name: 'flat' }), q.dense({ name: 'classes', units: 2 })] });
    },
    training: { epochs: 1, batchSize: 30, shards: 2, logEvery: 2 },
  };`;
/** Multiplications times the bits of a pixel. */
const perBit = 64 * 2 * 8;

let terminal: Terminal;
beforeAll(async () => {
  terminal = await Terminal.open();
  await terminal.write('noise.mjs', description);
});
afterAll(() => terminal.close());

describe('qfx sweep', () => {
  it('trains a network for each word length, once, and writes a table and a plot', async () => {
    const line = ['sweep', 'noise.mjs', '--word-lengths', '5,3'];
    const document = await terminal.document(line);
    const points = [5, 3].map((value) => ({
      value,
      bitOperations: value * perBit,
      graph: `out/noise-sweep/noise-${value}-bits/model.safetensors`,
    }));
    expect(document).toMatchObject({ run: 'noise', by: 'wordLength', points });
    const { run, by, points: found } = document as Record<string, unknown>;
    const table = JSON.parse(await readFile(terminal.place('out/noise-sweep/sweep.json'), 'utf8')) as unknown;
    expect(table).toEqual({ run, by, points: found });
    const plot = await readFile(terminal.place('out/noise-sweep/sweep.svg'), 'utf8');
    expect(plot.match(/<circle /g)).toHaveLength(2);
    const again = await terminal.qfx([...line.slice(0, -1), '5,3,2']);
    expect(again.exitCode).toBe(0);
    expect(again.stdout).toMatch(/word length +bit operations +accuracy/);
    expect(await terminal.document(['inspect', 'out/noise-sweep/noise-2-bits/model.safetensors'])).toMatchObject({
      provenance: { run: 'noise-2-bits' },
    });
  });

  it('keeps learned word lengths within each budget', async () => {
    const document = await terminal.document(['sweep', 'noise.mjs', '--bit-operations', `${4 * perBit},${2 * perBit}`]);
    const { points } = document as { points: { value: number; bitOperations: number }[] };
    expect(points.map(({ value }) => value)).toEqual([4 * perBit, 2 * perBit]);
    for (const { value, bitOperations } of points) expect(bitOperations).toBeLessThanOrEqual(value);
  });

  it.each([
    [['sweep', 'noise.mjs'], 'name either --word-lengths or --bit-operations'],
    [['sweep', 'noise.mjs', '--word-lengths', '4,none'], '--word-lengths 4,none: whole numbers from 1 on are needed'],
  ])('refuses %o', async (line, message) => {
    expectRefusal(await terminal.qfx(line), 2, message);
  });
});

describe('the front', () => {
  it('has the networks that no other one beats', () => {
    const point = (bitOperations: number, trained: number) => ({
      value: 0,
      bitOperations,
      accuracy: { trained, float: 0 },
      graph: '',
    });
    const points = [point(10, 0.9), point(20, 0.9), point(20, 0.95), point(5, 0.5), point(10, 0.9), point(30, 0.94)];
    expect(withFront(points).map(({ onFront }) => onFront)).toEqual([true, false, true, true, true, false]);
  });
});
