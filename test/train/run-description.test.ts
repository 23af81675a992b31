import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadGraph } from '../../src/qfx/index.js';
import { defineRun, loadRunDescription, runDescription } from '../../src/autograd/index.js';
import type { RunDescription } from '../../src/autograd/index.js';
import { bars } from './synthetic.js';

const description: RunDescription = {
  name: 'bars',
  data: () => bars({ train: 330, test: 100 }),
  model: ({ tf, layers, shape, classes }) => {
    const q = layers({ weights: { wordLength: 5 }, activations: { wordLength: 5 } });
    return tf.sequential({
      layers: [
        q.input({ name: 'image', inputShape: [...shape], wordLength: 8, binaryPoint: 8 }),
        q.flatten({ name: 'flat' }),
        q.dense({ name: 'classes', units: classes }),
      ],
    });
  },
  training: { epochs: 3, batchSize: 32, learningRate: { schedule: 'cosine', rate: 0.05 } },
};

describe('run descriptions', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'qfx-run-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('train, freeze and write', async () => {
    const result = await runDescription(description, { out: folder });
    expect((await readdir(join(folder, 'bars'))).sort()).toEqual([
      'checkpoints',
      'metrics.csv',
      'metrics.jsonl',
      'model.safetensors',
    ]);
    expect(result.accuracy.trained).toBeGreaterThan(0.9);
    expect(result.accuracy.float).toBeGreaterThan(0.9);

    const network = loadGraph(await readFile(result.file));
    expect(network.graph.name).toBe('bars');
    const { version } = JSON.parse(await readFile('package.json', 'utf8')) as { version: string };
    expect(network.graph.provenance).toMatchObject({
      qfx: version,
      seed: 1,
      data: { name: 'bars', checksum: 'bars 330 100' },
      training: { epochs: 3, optimizer: { name: 'adam' } },
      accuracy: { ...result.accuracy, images: 100 },
    });
    // The file computes what was measured.
    const { images, labels } = result.data.test;
    let correct = 0;
    for (const [image, label] of labels.entries()) {
      const { raw } = network.run(images.subarray(image * 64, (image + 1) * 64)).outputs.classes;
      const logits = Array.from(raw, Number);
      if (logits.indexOf(Math.max(...logits)) === label) correct++;
    }
    expect(correct / labels.length).toBe(result.accuracy.trained);
  });

  it('give the same file twice, and again when resumed', async () => {
    const [first, second] = [join(folder, 'first'), join(folder, 'second')];
    await runDescription(description, { out: first });
    await runDescription(description, { out: second });
    await runDescription(description, { out: second, resume: true });
    const bytes = await Promise.all([first, second].map((out) => readFile(join(out, 'bars', 'model.safetensors'))));
    expect(bytes[1].equals(bytes[0])).toBe(true);
  });

  it('are loaded from TypeScript and JavaScript files', async () => {
    const files = {
      'run.ts':
        "const name: string = 'typed';\nexport default { name, data: 'mnist', model: () => null, training: { epochs: 2 } };",
      'run.mjs': "export default { name: 'plain', data: () => null, model: () => null };",
    };
    for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text);
    const typed = await loadRunDescription(join(folder, 'run.ts'));
    expect(typed).toMatchObject({ name: 'typed', data: 'mnist', training: { epochs: 2, batchSize: 128, seed: 1 } });
    expect((await loadRunDescription(join(folder, 'run.mjs'))).training.epochs).toBe(3);
  });

  it.each([
    ['nothing.ts', undefined, /nothing\.ts: no such file/],
    ['run.json', '{}', /run\.json: ends in ".json"/],
    ['broken.ts', 'export default {', /broken\.ts: cannot be loaded/],
    ['throws.mjs', "throw new Error('mine')", /throws\.mjs: cannot be loaded: mine/],
    ['named.mjs', 'export const run = {}', /named\.mjs: has no default export/],
    ['number.mjs', 'export default 3', /number\.mjs: found 3; a run description is an object/],
    ['key.mjs', "export default { name: 'a', data: 'mnist', model() {}, epochs: 3 }", /key\.mjs: unknown key "epochs"/],
    ['name.mjs', "export default { name: '../a', data: 'mnist', model() {} }", /name\.mjs: name: found "\.\.\/a"/],
    ['model.mjs', "export default { name: 'a', data: 'mnist' }", /model\.mjs: model: .*must be a function/],
    [
      'data.mjs',
      "export default { name: 'a', data: 3, model() {} }",
      /data\.mjs: data: .*name of a data set or a function/,
    ],
    [
      'training.mjs',
      "export default { name: 'a', data: 'mnist', model() {}, training: { optimizer: { name: 'adam', beta: 1 } } }",
      /training\.mjs: training\.optimizer: .*"beta"/,
    ],
  ])('name file and key: %s', async (file, text, message) => {
    if (text !== undefined) await writeFile(join(folder, file), text);
    await expect(loadRunDescription(join(folder, file))).rejects.toThrow(message);
  });

  it('refuse what cannot train', async () => {
    const out = { out: folder };
    expect(() => defineRun({ ...description, training: { epochs: -1 } })).toThrow(/training\.epochs: found -1/);
    await expect(runDescription({ ...description, data: 'imagenet' as 'mnist' }, out)).rejects.toThrow(
      /no data set "imagenet"/,
    );
    const model = (() => 'a network') as unknown as RunDescription['model'];
    await expect(runDescription({ ...description, model }, out)).rejects.toThrow(/"bars": model: must return/);
    await expect(runDescription({ ...description, data: () => bars({ train: 33, test: 30 }) }, out)).rejects.toThrow(
      /has 63 images; at least 64/,
    );
    expect(await readdir(folder)).toEqual([]);
  });
});
