import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectRefusal, Terminal } from './support.js';

/** Three steps of a small network; `last` is its last layer. */
const describeRun = (name: string, last = "q.dense({ name: 'classes', units: 2 })") => `
  const part = { images: Uint8Array.from({ length: 6400 }, (_, index) => index % 251), labels: new Uint8Array(100) };
  export default {
    name: '${name}',
    data: () => ({ name: 'noise', classes: ['a', 'b'], shape: [8, 8, 1], train: part, test: part, checksum: 'none' }),
    model: ({ tf, layers }) => {
      const q = layers({ weights: { wordLength: 4 }, activations: { wordLength: 4 } });
      const input = q.input({ inputShape: [8, 8, 1], wordLength: 8, binaryPoint: 8 });
      return tf.sequential({ layers: [input, q.flatten({ name: 'flat' }), ${last}] });
    },
    training: { epochs: 1, batchSize: 30, shards: 2, logEvery: 2 },
  };`;

/** Its exact result does not fit what training computes with, which the first step finds out. */
const tooWide = "q.dense({ name: 'classes', units: 2, output: 'exact', weights: { wordLength: 24 } })";

let terminal: Terminal;
beforeAll(async () => {
  terminal = await Terminal.open();
  await terminal.write('run.mjs', describeRun('run'));
});
afterAll(() => terminal.close());

/** Bytes of all files of a run. */
async function filesOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(terminal.place(folder), { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const contents = await Promise.all(paths.sort().map(async (path) => [path, await readFile(path, 'latin1')] as const));
  return Object.fromEntries(contents);
}

describe('a run and its folder', () => {
  it('says what it computed on, and what to do next', async () => {
    const { exitCode, stdout, stderr } = await terminal.qfx(['train', 'run.mjs', '--out', 'my runs', '--workers', '2']);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/^1 epochs, 3 steps in \d+ s \(2 workers on wasm\)$/m);
    const graph = "'my runs/run/model.safetensors'";
    expect(stdout).toMatch(
      new RegExp(`^Next:\\n  npx qfx inspect ${graph}\\n  npx qfx export-hls ${graph} --out hls$`, 'm'),
    );
    const lines = (await readFile(terminal.place('my runs/run/metrics.jsonl'), 'utf8')).trim().split('\n');
    const workers = lines.map((line) => (JSON.parse(line) as { workers?: number }).workers);
    expect(workers.filter((count) => count !== undefined)).toEqual([2, 2]);
  });

  it('is not replaced unless that is said', async () => {
    const first = await terminal.document(['train', 'run.mjs']);
    expect(first).toMatchObject({ steps: 3, workers: 1, backend: { name: 'wasm', threads: 1 } });
    const before = await filesOf('out/run');
    expect(Object.keys(before)).toHaveLength(5);
    const refused = await terminal.qfx(['train', 'run.mjs']);
    expectRefusal(
      refused,
      2,
      /^qfx: out\/run: holds a finished run: --overwrite replaces it, another --out keeps it$/m,
    );
    expectRefusal(await terminal.qfx(['train', 'run.mjs', '--resume', '--overwrite']), 2, 'use one of them');
    expect(await filesOf('out/run')).toEqual(before);

    await terminal.document(['train', 'run.mjs', '--overwrite']);
    const metrics = await readFile(terminal.place('out/run/metrics.jsonl'), 'utf8');
    expect(metrics.match(/"kind":"epoch"/g)).toHaveLength(1);
  });

  it('that is finished says so when it is resumed, and stays as it is', async () => {
    const before = await filesOf('out/run');
    const { exitCode, stderr } = await terminal.qfx(['train', 'run.mjs', '--resume']);
    expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/^out\/run: was finished already.*--overwrite/m)]);
    expect(await filesOf('out/run')).toEqual(before);
  });

  it('is resumed as it was only', async () => {
    const before = await filesOf('out/run');
    const refused = await terminal.qfx(['train', 'run.mjs', '--resume', '--epochs', '2']);
    expectRefusal(refused, 1, 'epochs 1, now it is 2', /Go back .* --overwrite .* another --out/);
    expect(await filesOf('out/run')).toEqual(before);
  });

  it('is not resumed where there is none', async () => {
    const refused = await terminal.qfx(['train', 'run.mjs', '--resume', '--out', 'elsewhere']);
    expectRefusal(refused, 2, 'elsewhere/run: holds no checkpoint to go on from; without --resume a run starts there');
    expect(await terminal.list()).not.toContain('elsewhere');
  });

  it('has no more workers than shards', async () => {
    const refused = await terminal.qfx(['train', 'run.mjs', '--out', 'elsewhere', '--workers', '3']);
    expectRefusal(refused, 2, '--workers 3: at most one a shard, and shards is 2', 'Try: npx qfx train --help');
    expect(await terminal.list()).not.toContain('elsewhere');
  });
});

describe('a run with a front', () => {
  const learned = 'weights: { wordLength: { initial: 6, maximum: 8 } }, activations: { wordLength: 4 }';
  const withFront = describeRun('front')
    .replace('weights: { wordLength: 4 }, activations: { wordLength: 4 }', learned)
    .replace('epochs: 1,', 'epochs: 2, validationImages: 30, resources: { bitOperations: 3000 }, pareto: {},');
  const graphName = /^out\/front\/pareto\/\d+-operations-\d+\.\d\d-percent\.safetensors$/;

  it('shows it as a table and as a plot, and its graphs are like others', async () => {
    await terminal.write('front.mjs', withFront);
    const { front, plot } = await terminal.document(['train', 'front.mjs']);
    const networks = front as { file: string; epoch: number; accuracy: { validation: number; trained: number } }[];
    expect(networks.length).toBeGreaterThan(0);
    for (const { file, accuracy } of networks) {
      expect(file).toMatch(graphName);
      const evaluated = await terminal.document(['eval', file, '--data-set', 'front.mjs']);
      expect(evaluated).toMatchObject({ images: 100, accuracy: accuracy.trained });
    }
    const drawn = await readFile(terminal.place(plot as string), 'utf8');
    expect(drawn.match(/<circle /g)).toHaveLength(networks.length);
    expect(drawn).toContain(`>epoch ${networks[0].epoch}</text>`);

    const before = await filesOf('out/front');
    const { exitCode, stdout } = await terminal.qfx(['train', 'front.mjs', '--resume']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^ *epoch +bit operations +validation +test *$/m);
    for (const { epoch } of networks) expect(stdout).toMatch(new RegExp(`^ +${epoch} +[\\d,]+ +\\d+\\.\\d\\d %`, 'm'));
    expect(stdout).toMatch(/^a graph of each, and a plot: out\/front\/pareto$/m);
    expect(await filesOf('out/front')).toEqual(before);
  });

  it('needs images to choose by', async () => {
    await terminal.write(
      'flattered.mjs',
      withFront.replace("'front'", "'flattered'").replace('validationImages: 30,', ''),
    );
    expectRefusal(await terminal.qfx(['train', 'flattered.mjs']), 1, 'training.pareto', 'needs validationImages');
    expect(await terminal.list('out')).not.toContain('flattered');
  });
});

describe('a run that fails', () => {
  it('in its first step leaves nothing', async () => {
    await terminal.write('wide.mjs', describeRun('wide', tooWide));
    const refused = await terminal.qfx(['train', 'wide.mjs', '--out', 'deep/out']);
    expectRefusal(refused, 1, 'layer "classes"', '24');
    expect(await terminal.list()).not.toContain('deep');
  });

  it('leaves no graph of the run that it replaces', async () => {
    await terminal.document(['train', 'run.mjs', '--out', 'late']);
    await terminal.write('late.mjs', describeRun('run', tooWide));
    expectRefusal(await terminal.qfx(['train', 'late.mjs', '--out', 'late', '--overwrite']), 1, 'layer "classes"');
    expect(await terminal.list()).toContain('late');
    expect(Object.keys(await filesOf('late'))).toEqual([]);
  });
});
