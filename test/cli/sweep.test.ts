import { readFile, rm } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadGraph } from 'qfx';
import type { Graph } from 'qfx';
import { count, percent } from '../../src/cli/format.js';
import { tf } from '../../src/autograd/tensorflow.js';
import type { CommandContext } from '../../src/cli/command.js';
import { sweep, withFront } from '../../src/cli/sweep.js';
import type { SweepPoint } from '../../src/cli/sweep.js';
import { expectRefusal, Terminal } from './support.js';

/** Three steps of a network whose weights have the word length of a sweep, or learn it. */
const description = `
  const part = { images: Uint8Array.from({ length: 6400 }, (_, index) => index % 251), labels: Uint8Array.from({ length: 100 }, (_, index) => (index * index) % 7 % 2) };
  export default {
    name: 'noise',
    data: ({ folder }) => ({ name: folder ?? 'here', classes: ['a', 'b'], shape: [8, 8, 1], train: part, test: part, checksum: 'none' }),
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

async function readJson(file: string): Promise<unknown> {
  return JSON.parse(await readFile(terminal.place(file), 'utf8'));
}

async function readGraph(file: string): Promise<Graph> {
  return loadGraph(await readFile(terminal.place(file))).graph;
}

describe('qfx sweep', () => {
  it('trains a network for each word length, and writes a table and a plot', async () => {
    const line = ['sweep', 'noise.mjs', '--word-lengths', '5,3,2'];
    const document = await terminal.document(line);
    const files = { table: 'out/noise-sweep/sweep.json', plot: 'out/noise-sweep/sweep.svg' };
    const expected = [5, 3, 2].map((value) => ({
      value,
      bitOperations: value * perBit,
      graph: `out/noise-sweep/noise-${value}-bits/model.safetensors`,
    }));
    expect(document).toMatchObject({ run: 'noise', by: 'wordLength', points: expected, ...files });
    const { run, by, points: written } = document as Record<string, unknown>;
    expect(await readJson(files.table)).toEqual({ run, by, points: written });
    const points = written as SweepPoint[];
    for (const { value, graph } of points) {
      const { provenance, tensors } = await readGraph(graph);
      expect(provenance).toMatchObject({ run: `noise-${value}-bits`, epochs: 1 });
      expect(tensors['classes/weights'].format.wordLength).toBe(value);
    }
    // Two bits do better than three here, and all quantizers cost something.
    expect(points.map(({ onFront }) => onFront)).toEqual([true, false, true]);
    for (const { accuracy } of points) expect(accuracy.trained).toBeLessThan(accuracy.float);

    const plot = await readFile(terminal.place(files.plot), 'utf8');
    const circles = [...plot.matchAll(/<circle cx="[\d.]+" cy="([\d.]+)" r="4.5" fill="([^"]+)"/g)];
    const [five, three, two] = circles.map(([, height, fill]) => ({ height: Number(height), fill }));
    expect(circles).toHaveLength(3);
    expect(five.height).toBeLessThan(two.height);
    expect(two.height).toBeLessThan(three.height);
    expect([five.fill === two.fill, five.fill === three.fill]).toEqual([true, false]);
    for (const text of [
      '5',
      '3',
      '2',
      '4 k',
      'noise: accuracy on all test images, from integers',
      'bit operations an image',
    ])
      expect(plot).toContain(`>${text}</text>`);

    const { exitCode, stdout } = await terminal.qfx(line);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^ *word length +bit operations +accuracy +without quantizers *$/m);
    for (const { value, bitOperations, accuracy, onFront } of points) {
      const cells = [value, count(bitOperations), percent(accuracy.trained), percent(accuracy.float)];
      expect(stdout).toMatch(new RegExp(`^ *${cells.join(' +')}${onFront ? ' +on the front' : ''} *$`, 'm'));
    }
    expect(stdout).toMatch(new RegExp(`\n\n${files.table}\n${files.plot}$`));
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
    // The first session is interrupted between two steps: one of its batches does that.
    const stopping = description
      .replace("name: 'noise'", "name: 'stopped'")
      .replace('export default', "import { existsSync, writeFileSync } from 'node:fs';\n  export default")
      .replace(
        'return tf',
        `const flat = q.flatten({ name: 'flat' });
        let calls = 0;
        flat.call = (inputs) => {
          if (++calls === 5 && !existsSync('stopped')) {
            writeFileSync('stopped', '');
            process.kill(process.pid, 'SIGINT');
          }
          return inputs[0].reshape([-1, 64]);
        };
        return tf`,
      )
      .replace("q.flatten({ name: 'flat' }), q.dense", 'flat, q.dense');
    await terminal.write('stopped.mjs', stopping);
    const line = ['sweep', 'stopped.mjs', '--word-lengths', '5,3'];
    const { exitCode, stderr } = await terminal.qfx(line);
    expect(exitCode, stderr).toBe(130);
    expect(stderr).toMatch(
      /^out\/stopped-sweep\/stopped-5-bits\/checkpoints holds the state; the same sweep goes on from there$/m,
    );
    expect(await terminal.list('out/stopped-sweep')).toEqual(['stopped-5-bits']);
    const accuracies = async (run: readonly string[]) => {
      const { points } = (await terminal.document(run)) as { points: { accuracy: object }[] };
      return points.map(({ accuracy }) => accuracy);
    };
    expect(await accuracies(line)).toEqual(await accuracies(['sweep', 'noise.mjs', '--word-lengths', '5,3']));

    // One that replaces the whole sweep and is interrupted leaves nothing of the old one to go on with.
    await rm(terminal.place('stopped'));
    const longer = [...line, '--epochs', '2'];
    const second = await terminal.qfx([...longer, '--overwrite']);
    expect(second.exitCode, second.stderr).toBe(130);
    expect(second.stderr).toContain('the same sweep without --overwrite goes on from there');
    await terminal.document(longer);
    const metrics = [5, 3].map((bits) =>
      readFile(terminal.place(`out/stopped-sweep/stopped-${bits}-bits/metrics.jsonl`), 'utf8'),
    );
    for (const lines of await Promise.all(metrics)) expect(lines.match(/"kind":"epoch"/g)).toHaveLength(2);
  });

  it('ends with a run that fails, names it, and keeps the others', async () => {
    const failing = description
      .replace("name: 'noise'", "name: 'failing'")
      .replace('wordLength: 4 } });', 'wordLength: wordLength === 3 ? 99 : 4 } });');
    await terminal.write('failing.mjs', failing);
    const line = ['sweep', 'failing.mjs', '--word-lengths', '5,3'];
    expectRefusal(await terminal.qfx(line), 1, 'run "failing-3-bits": ', 'wordLength', '99');
    expect(await terminal.list('out/failing-sweep')).toEqual(['failing-5-bits']);
    await terminal.write('failing.mjs', failing.replace('99', '2'));
    const document = await terminal.document(line);
    expect(document).toMatchObject({ points: [{ value: 5 }, { value: 3 }] });

    // What is no refusal keeps its stack. The table of what was replaced is gone.
    await terminal.write('failing.mjs', failing.replace('99', 'wordLength.not()'));
    const { exitCode, stderr } = await terminal.qfx([...line, '--overwrite']);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/wordLength\.not is not a function\n +at /);
    expect(await terminal.list('out/failing-sweep')).toEqual(['failing-3-bits', 'failing-5-bits']);
  });

  it('replaces runs where that is said', async () => {
    const longer = ['sweep', 'noise.mjs', '--word-lengths', '3', '--epochs', '2'];
    const folder = 'out/noise-sweep/noise-3-bits';
    expectRefusal(
      await terminal.qfx(longer),
      1,
      `run "noise-3-bits": ${folder}`,
      'epochs 1, now it is 2',
      '--overwrite',
    );
    await terminal.document([...longer, '--overwrite']);
    const metrics = await readFile(terminal.place(folder, 'metrics.jsonl'), 'utf8');
    expect(metrics.match(/"kind":"epoch"/g)).toHaveLength(2);
    // What it did not train is as it was.
    expect(await terminal.list('out/noise-sweep')).toContain('noise-5-bits');
  });

  it('keeps no network in memory whose run is over', async () => {
    const [run, out] = ['noise.mjs', 'in process'].map((name) => terminal.place(name));
    const context: CommandContext = {
      json: true,
      signal: new AbortController().signal,
      note: () => {},
      progress: () => ({ update: () => {}, stop: () => {} }),
    };
    const tensorsAfter = async (...values: number[]) => {
      await sweep.run({ run, out, 'word-lengths': values, backend: 'wasm', overwrite: false }, context);
      return tf.memory().numTensors;
    };
    expect(await tensorsAfter(5)).toBe(await tensorsAfter(5, 3, 2));
  });

  it('computes on the backend that it is given', async () => {
    const refused = await terminal.qfx(['sweep', 'noise.mjs', '--word-lengths', '7', '--backend', 'node']);
    expectRefusal(refused, 1, 'run "noise-7-bits": backend "node": is not set up');
  });

  it('refuses a network that does not ask for the word length', async () => {
    const deaf = description
      .replace("name: 'noise'", "name: 'deaf'")
      .replace(', wordLength = { initial: 6, maximum: 8 }', '')
      .replace('{ wordLength }', '{ wordLength: 3 }');
    await terminal.write('deaf.mjs', deaf);
    const refused = await terminal.qfx(['sweep', 'deaf.mjs', '--word-lengths', '5,3']);
    expectRefusal(refused, 1, 'run "deaf-5-bits": model: does not read the wordLength of its context');
    expect(await terminal.list('out')).not.toContain('deaf-sweep');
  });

  it('keeps learned word lengths within each budget', async () => {
    const values = [4 * perBit, 2 * perBit];
    const given = ['--epochs', '2', '--out', 'other', '--data', 'elsewhere'];
    const line = ['sweep', 'noise.mjs', '--bit-operations', `${values[0] / 1e3}e3,${values[1]}`, ...given];
    const { exitCode, stdout, stderr } = await terminal.qfx(line);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/^ *budget +bit operations /m);
    const { by, points } = (await readJson('other/noise-sweep/sweep.json')) as { by: string; points: SweepPoint[] };
    expect([by, points.map(({ value }) => value)]).toEqual(['bitOperations', values]);
    for (const { value, bitOperations, graph } of points) {
      expect(bitOperations).toBeLessThanOrEqual(value);
      expect(graph).toBe(`other/noise-sweep/noise-${value}-operations/model.safetensors`);
      expect((await readGraph(graph)).provenance).toMatchObject({ data: { name: 'elsewhere' }, epochs: 2 });
    }
    const plot = await readFile(terminal.place('other/noise-sweep/sweep.svg'), 'utf8');
    expect(plot).toContain(`>${count(values[0])}</text>`);
  });

  it.each([
    [['sweep', 'noise.mjs'], 'name either --word-lengths or --bit-operations'],
    [['sweep', 'noise.mjs', '--word-lengths', '4', '--bit-operations', '9'], 'name either --word-lengths or'],
    [['sweep', 'noise.mjs', '--word-lengths', '4,3,4'], '--word-lengths 4,3,4: 4 is there twice'],
    [['sweep', 'noise.mjs', '--word-lengths', '4,2.5'], '--word-lengths 4,2.5: whole numbers from 1 on are needed'],
    [['sweep', 'noise.mjs', '--bit-operations', '0'], '--bit-operations 0: whole numbers from 1 on are needed'],
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
