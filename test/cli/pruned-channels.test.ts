import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Terminal } from './support.js';

/** A hidden layer of four units whose weights all round to 0. */
const run = `
  const part = { images: Uint8Array.from({ length: 6400 }, (_, index) => index % 251), labels: new Uint8Array(100) };
  export default {
    name: 'run',
    data: () => ({ name: 'noise', classes: ['a', 'b'], shape: [8, 8, 1], train: part, test: part, checksum: 'none' }),
    model: ({ tf, layers }) => {
      const q = layers({ weights: { wordLength: 4 }, activations: { wordLength: 4 } });
      const input = q.input({ inputShape: [8, 8, 1], wordLength: 8, binaryPoint: 8 });
      const hidden = q.dense({ name: 'hidden', units: 4, weights: { wordLength: 4, binaryPoint: -6 } });
      const classes = q.dense({ name: 'classes', units: 2 });
      return tf.sequential({ layers: [input, q.flatten({ name: 'flat' }), hidden, q.relu({ name: 'relu' }), classes] });
    },
    training: { epochs: 1, batchSize: 50 },
  };`;

let terminal: Terminal;
beforeAll(async () => {
  terminal = await Terminal.open();
  await terminal.write('run.mjs', run);
});
afterAll(() => terminal.close());

describe('pruned channels', () => {
  it('are said by train and inspect, and their indices by the provenance', async () => {
    const { exitCode, stdout, stderr } = await terminal.qfx(['train', 'run.mjs']);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/^pruned channels: hidden 3 of 4$/m);
    const prunedChannels = { hidden: 3 };
    expect(await terminal.document(['train', 'run.mjs', '--resume'])).toMatchObject({ prunedChannels });
    const graph = 'out/run/model.safetensors';
    const inspected = await terminal.qfx(['inspect', graph]);
    expect(inspected.stdout).toMatch(/^pruned channels: hidden 3 of 4$/m);
    expect(inspected.stdout).not.toContain('"pruned"');
    expect(await terminal.document(['inspect', graph])).toMatchObject({
      prunedChannels,
      provenance: { seed: expect.any(Number) as number, pruned: { hidden: [1, 2, 3], relu: [1, 2, 3] } },
    });
  });
});
