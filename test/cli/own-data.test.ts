import { readFile, rm } from 'node:fs/promises';
import { encode } from 'fast-png';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { randomStream } from '../../src/autograd/train/random.js';
import { expectRefusal, Terminal } from './support.js';

/** A run on data of one's own; `data` is an expression. */
const describeRun = (name: string, data: string, layers = '') => `
  import * as loaders from 'qfx/data';
  const { imageFolder, csvFiles, npyFiles } = loaders;
  export default {
    name: '${name}',
    data: ${data},
    model: ({ tf, layers, shape, input, classes }) => {
      const q = layers({ weights: { wordLength: 6 }, activations: { wordLength: 8 } });
      return tf.sequential({
        layers: [q.input({ inputShape: [...shape], ...input }), ${layers} q.flatten(), q.dense({ name: 'classes', units: classes })],
      });
    },
    training: { epochs: 8, batchSize: 16, learningRate: { schedule: 'constant', rate: 0.02 }, validationImages: 16, logEvery: 5 },
  };`;

/** A noisy picture of 8 x 6 with a bright bar, upright or lying. */
function bar(isUpright: boolean, key: number): Uint8Array {
  const random = randomStream(key);
  const data = Uint8Array.from({ length: 48 }, (_, index) => {
    const isBar = isUpright ? index % 6 === 2 : Math.floor(index / 6) === 4;
    return random.below(100) + (isBar ? 150 : 0);
  });
  return encode({ height: 8, width: 6, channels: 1, data });
}

let terminal: Terminal;
beforeAll(async () => {
  terminal = await Terminal.open();
  for (let index = 0; index < 60; index++) {
    await terminal.write(`photos/upright/${index}.png`, bar(true, index));
    await terminal.write(`photos/lying/${index}.png`, bar(false, 1000 + index));
  }
  await terminal.write(
    'bars.mjs',
    describeRun('bars', "imageFolder('photos', { channels: 1, split: { test: 0.25 } })"),
  );
}, 60_000);
afterAll(() => terminal.close());

/** Trains, and measures the same accuracy from integers and in C simulation. */
async function fromTrainingToHardware(name: string, folder: string) {
  const { accuracy, images } = await terminal.document(['train', `${name}.mjs`, '--workers', '2']);
  const { trained } = accuracy as { trained: number };
  expect(trained).toBeGreaterThan(0.9);
  const graph = `out/${name}/model.safetensors`;
  const evaluated = await terminal.document(['eval', graph]);
  expect(evaluated).toMatchObject({ accuracy: trained, images });
  await terminal.document(['export-hls', graph, '--out', `hls-${name}`]);
  const simulated = await terminal.document(['csim', `hls-${name}`, '--data', folder]);
  expect(simulated).toMatchObject({ accuracy: trained, images, mismatches: 0 });
  return evaluated;
}

describe("data of one's own, from training to C simulation", () => {
  it('in a folder of images', { timeout: 300_000 }, async () => {
    const evaluated = await fromTrainingToHardware('bars', 'photos');
    expect(evaluated).toMatchObject({ dataSet: 'photos', images: 30 });
    const named = await terminal.document(['eval', 'out/bars/model.safetensors', '--data-set', 'bars.mjs']);
    expect(named).toMatchObject({ accuracy: evaluated.accuracy, dataSet: 'photos' });
    const { provenance } = (await terminal.document(['inspect', 'out/bars/model.safetensors'])) as {
      provenance: { data: unknown };
    };
    expect(provenance.data).toMatchObject({
      name: 'photos',
      source: { loader: 'imageFolder', folder: 'photos', options: { classes: ['lying', 'upright'], channels: 1 } },
    });
  });

  it('in a table, as signed features of 12 bits', { timeout: 300_000 }, async () => {
    const random = randomStream(7);
    const rows = Array.from({ length: 100 }, (_, row) => {
      const isBig = row % 2 === 0;
      return `${(random.below(1000) + (isBig ? 500 : -1500)) / 100},${random.below(9)},${isBig ? 'big' : 'small'}`;
    });
    await terminal.write('tables/sizes.csv', `size,noise,kind\n${rows.join('\n')}\n`);
    const options = "{ train: 'sizes.csv', label: 'kind', wordLength: 12, signed: true }";
    await terminal.write('sizes.mjs', describeRun('sizes', `csvFiles('tables', ${options})`));
    const evaluated = await fromTrainingToHardware('sizes', 'tables');
    expect(evaluated).toMatchObject({ dataSet: 'tables', images: 20 });
    // The ranges are those of the training, whatever else is measured.
    await terminal.write('others/sizes.csv', `size,noise,kind\n${rows.join('\n')}\n1000,0,big\n`);
    const others = await terminal.qfx(['eval', 'out/sizes/model.safetensors', '--data', 'others', '--json']);
    expect([others.exitCode, others.stderr]).toEqual([
      0,
      expect.stringMatching(/others.*is not what .* was trained on/),
    ]);
    expect((JSON.parse(others.stdout) as { accuracy: number }).accuracy).toBeGreaterThan(0.9);
  });

  it("by code of one's own, which the run description names", { timeout: 120_000 }, async () => {
    const data =
      "async (options) => ({ ...(await imageFolder('photos', { channels: 1 })(options)), source: undefined, name: 'own' })";
    await terminal.write('own.mjs', describeRun('own', data));
    const { accuracy } = await terminal.document(['train', 'own.mjs', '--epochs', '1', '--workers', '1']);
    const graph = 'out/own/model.safetensors';
    expectRefusal(
      await terminal.qfx(['eval', graph]),
      2,
      /was trained on "own", which code of its run description loads; add --data-set/,
    );
    expect(await terminal.document(['eval', graph, '--data-set', 'own.mjs'])).toMatchObject({
      accuracy: (accuracy as { trained: number }).trained,
    });
    expectRefusal(
      await terminal.qfx(['eval', graph, '--data-set', 'photos']),
      2,
      '--data-set photos: mnist, cifar10 or a run description',
    );
  });

  it('is logged as a table, too', async () => {
    const [lines, table] = await Promise.all(
      ['jsonl', 'csv'].map((end) => readFile(terminal.place(`out/bars/metrics.${end}`), 'utf8')),
    );
    const [header, ...rows] = table
      .trimEnd()
      .split('\n')
      .map((row) => row.split(','));
    const objects = rows.map((row) => Object.fromEntries(header.map((name, column) => [name, row[column]])));
    const expected = lines
      .trimEnd()
      .split('\n')
      .map((line) => {
        const { losses = {}, ...others } = JSON.parse(line) as { losses?: object };
        const all = {
          ...others,
          ...Object.fromEntries(Object.entries(losses).map(([key, value]) => [`losses.${key}`, value])),
        };
        return Object.fromEntries(header.map((name) => [name, String((all as Record<string, unknown>)[name] ?? '')]));
      });
    expect(objects).toEqual(expected);
    expect(new Set(objects.map(({ kind }) => kind))).toEqual(new Set(['steps', 'freeze', 'epoch']));
  });

  it('is what a run goes on with, image for image and split for split', async () => {
    const resume = ['train', 'bars.mjs', '--resume', '--workers', '1'];
    expect(await terminal.document(resume)).toMatchObject({ images: 30 });
    const description = await readFile(terminal.place('bars.mjs'), 'utf8');
    await terminal.write('bars.mjs', description.replace('test: 0.25', 'test: 0.25, seed: 2'));
    expectRefusal(await terminal.qfx(resume), 1, /last\.safetensors: belongs to a run on data with SHA-256/);
    await terminal.write('bars.mjs', description);
    const photo = await terminal.write('photos/lying/new.png', bar(false, 7));
    expectRefusal(await terminal.qfx(resume), 1, /last\.safetensors: belongs to a run on data with SHA-256/);
    await rm(terminal.place(photo));
    expect(await terminal.document(resume)).toMatchObject({ images: 30 });
  });

  it('is refused where it does not fit', async () => {
    await terminal.write('broken/lying/0.png', 'no image');
    const args = ['train', 'bars.mjs', '--out', 'elsewhere'];
    expectRefusal(
      await terminal.qfx([...args, '--data', 'broken']),
      1,
      /broken\/lying\/0\.png: is neither a PNG nor a JPEG/,
    );
    expectRefusal(await terminal.qfx([...args, '--data', 'nowhere']), 1, /imageFolder: no such folder: .*nowhere/);
    await terminal.write('typo.mjs', describeRun('typo', "imageFolder('photos', { chanels: 1 })"));
    expectRefusal(await terminal.qfx(['train', 'typo.mjs']), 1, /typo\.mjs: imageFolder: unknown key "chanels"/);
    expect(await terminal.list()).not.toContain('elsewhere');
  });
});
