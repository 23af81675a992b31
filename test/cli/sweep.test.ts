import { readFile, rm } from 'node:fs/promises';
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
    expect(plot).toContain('>noise: accuracy on all test images, from integers</text>');
    expect(plot).toContain('>bit operations an image</text>');
    const again = await terminal.qfx([...line.slice(0, -1), '5,3,2']);
    expect(again.exitCode).toBe(0);
    expect(again.stdout).toMatch(/word length +bit operations +accuracy/);
    expect(await terminal.document(['inspect', 'out/noise-sweep/noise-2-bits/model.safetensors'])).toMatchObject({
      provenance: { run: 'noise-2-bits' },
    });
  });

  it('trains what is missing, and nothing else', async () => {
    const last = (bits: number) => terminal.place(`out/noise-sweep/noise-${bits}-bits/checkpoints/last.safetensors`);
    const run = ['sweep', 'noise.mjs', '--word-lengths', '5,3'];
    const document = await terminal.document(run);
    const before = await Promise.all([5, 3].map((bits) => readFile(last(bits), 'latin1')));
    await rm(terminal.place('out/noise-sweep/noise-3-bits'), { recursive: true });
    await rm(terminal.place('out/noise-sweep/sweep.json'));
    expect(await terminal.document(run)).toEqual(document);
    // A checkpoint says how many seconds its run took.
    const after = await Promise.all([5, 3].map((bits) => readFile(last(bits), 'latin1')));
    expect([after[0] === before[0], after[1] === before[1]]).toEqual([true, false]);
    expect(JSON.parse(await readFile(terminal.place('out/noise-sweep/sweep.json'), 'utf8'))).toMatchObject({
      points: [{ value: 5 }, { value: 3 }],
    });
  });

  it('goes on with a run that was interrupted', async () => {
    // Building its first network interrupts the first session.
    const stopping = description
      .replace("'noise'", "'stopped'")
      .replace('export default', "import { existsSync, writeFileSync } from 'node:fs';\n  export default")
      .replace(
        'const q =',
        "if (!existsSync('stopped')) { writeFileSync('stopped', ''); setTimeout(() => process.kill(process.pid, 'SIGINT'), 0); }\n      const q =",
      );
    await terminal.write('stopped.mjs', stopping);
    const line = ['sweep', 'stopped.mjs', '--word-lengths', '5,3'];
    const { exitCode, stderr } = await terminal.qfx(line);
    expect(exitCode, stderr).toBe(130);
    expect(await terminal.list('out/stopped-sweep')).not.toContain('sweep.json');
    const accuracies = async (run: readonly string[]) => {
      const { points } = (await terminal.document(run)) as { points: { accuracy: object }[] };
      return points.map(({ accuracy }) => accuracy);
    };
    expect(await accuracies(line)).toEqual(await accuracies(['sweep', 'noise.mjs', '--word-lengths', '5,3']));
  });

  it('ends with a run that fails, names it, and keeps the others', async () => {
    const failing = description
      .replace("'noise'", "'failing'")
      .replace('wordLength: 4 } });', 'wordLength: wordLength === 3 ? 99 : 4 } });');
    await terminal.write('failing.mjs', failing);
    const line = ['sweep', 'failing.mjs', '--word-lengths', '5,3'];
    expectRefusal(await terminal.qfx(line), 1, 'run "failing-3-bits": ', 'wordLength', '99');
    expect(await terminal.list('out/failing-sweep')).toEqual(['failing-5-bits']);
    await terminal.write('failing.mjs', failing.replace('99', '2'));
    const document = await terminal.document(line);
    expect(document).toMatchObject({ points: [{ value: 5 }, { value: 3 }] });
  });

  it('refuses a network that does not ask for the word length', async () => {
    const deaf = description
      .replace("'noise'", "'deaf'")
      .replace(', wordLength = { initial: 6, maximum: 8 }', '')
      .replace('{ wordLength }', '{ wordLength: 3 }');
    await terminal.write('deaf.mjs', deaf);
    const refused = await terminal.qfx(['sweep', 'deaf.mjs', '--word-lengths', '5,3']);
    expectRefusal(refused, 1, 'run "deaf-5-bits": model: does not read the wordLength of its context');
    expect(await terminal.list('out')).not.toContain('deaf-sweep');
  });

  it('keeps learned word lengths within each budget', async () => {
    const document = await terminal.document(['sweep', 'noise.mjs', '--bit-operations', `${4 * perBit},${2 * perBit}`]);
    const { points } = document as { points: { value: number; bitOperations: number }[] };
    expect(points.map(({ value }) => value)).toEqual([4 * perBit, 2 * perBit]);
    for (const { value, bitOperations } of points) expect(bitOperations).toBeLessThanOrEqual(value);
  });

  it.each([
    [['sweep', 'noise.mjs'], 'name either --word-lengths or --bit-operations'],
    [['sweep', 'noise.mjs', '--word-lengths', '4', '--bit-operations', '9'], 'name either --word-lengths or'],
    [['sweep', 'noise.mjs', '--word-lengths', '4,3,4'], '--word-lengths 4,3,4: 4 is there twice'],
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
