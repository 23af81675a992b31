import { afterAll, beforeAll, expect, it } from 'vitest';
import { tinyNetwork } from './networks.js';
import { expectRefusal, Terminal } from './support.js';

const run = `
  const part = { images: Uint8Array.from({ length: 6400 }, (_, index) => index % 251), labels: new Uint8Array(100) };
  export default {
    name: 'run',
    data: () => ({ name: 'noise', classes: ['a', 'b'], shape: [8, 8, 1], train: part, test: part, checksum: 'none' }),
    model: ({ tf, layers }) => {
      const q = layers({ weights: { wordLength: 4 }, activations: { wordLength: 4 } });
      const input = q.input({ inputShape: [8, 8, 1], wordLength: 8, binaryPoint: 8 });
      return tf.sequential({ layers: [input, q.flatten({ name: 'flat' }), q.dense({ name: 'classes', units: 2 })] });
    },
    training: { epochs: 1, batchSize: 30 },
  };`;

let terminal: Terminal;
beforeAll(async () => {
  terminal = await Terminal.open();
  await terminal.save(tinyNetwork({ shape: [28, 28, 1], classes: 10 }));
  await terminal.write('run.mjs', run);
});
afterAll(() => terminal.close());

const graph = ['diagnose', 'graph.safetensors', '--data-set', 'mnist'];

it('watches the casts of a graph', async () => {
  const document = await terminal.document([...graph, '--images', '50']);
  expect(document).toMatchObject({ dataSet: 'mnist', images: 50 });
  const layers = document.layers as Record<string, unknown>[];
  expect(layers.map(({ layer }) => layer).sort()).toEqual(['flat', 'image', 'scores']);
  expect(layers.find(({ layer }) => layer === 'scores')).toMatchObject({
    ...{ operation: 'dense', hasCast: true, values: 500, channels: 10 },
    constants: { weights: { elements: 7840, zeros: 523 } },
  });
  expect(layers.find(({ layer }) => layer === 'image')).toMatchObject({
    ...{ hasCast: false, signalToNoise: null, accuracyLost: 0, accuracyWithoutCast: document.accuracy },
  });
});

it('shows a table that fits a terminal', async () => {
  const { exitCode, stdout } = await terminal.qfx([...graph, '--images', '50']);
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^ *scores +-?[\d.]+ +[\d.]+ /m);
  for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(88);
});

it('switches on one quantizer of a checkpoint after the other', async () => {
  const trained = (await terminal.document(['train', 'run.mjs'])) as { accuracy: { float: number; trained: number } };
  const checkpoint = ['--checkpoint', 'out/run/checkpoints/last.safetensors'];
  const document = await terminal.document(['diagnose', 'run.mjs', ...checkpoint]);
  expect(document).toMatchObject({ run: 'run.mjs', dataSet: 'noise', images: 100 });
  expect(document.accuracyWithoutQuantizers).toBe(trained.accuracy.float);
  expect(document.accuracy).toBe(trained.accuracy.trained);
  const quantizers = document.quantizers as Record<string, unknown>[];
  expect(quantizers.map(({ layer, role }) => `${String(layer)} ${String(role)}`).sort()).toEqual([
    ...['classes bias', 'classes output', 'classes weights'],
  ]);
  const { stdout } = await terminal.qfx(['diagnose', 'run.mjs', ...checkpoint]);
  expect(stdout).toMatch(/^ *classes: weights +-?[\d.]+ +[\d.]+ /m);
});

it('refuses what it cannot mean', async () => {
  expectRefusal(await terminal.qfx(['diagnose', 'run.mjs']), 2, /--checkpoint/);
  expectRefusal(await terminal.qfx(['diagnose', 'graph.safetensors']), 2, /--data-set/);
  expectRefusal(await terminal.qfx([...graph, '--images', '0']), 2, /--images 0/);
  expectRefusal(await terminal.qfx(['diagnose', 'run.mjs', '--checkpoint', 'none.safetensors']), 1, /no such file/);
});
