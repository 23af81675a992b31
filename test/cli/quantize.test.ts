import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initializeBackend, loadModelFile, modelFiles, quantizersOf, tf } from '../../src/autograd/index.js';
import { loadGraph } from '../../src/qfx/index.js';
import { randomize } from '../autograd/quantize/float-networks.js';
import { expectRefusal, Terminal } from './support.js';

let terminal: Terminal;
const data = ['--data', 'images', '--data-set', 'mnist'];

/** An IDX file of bytes with these sizes. */
function idx(sizes: readonly number[], byte: (index: number) => number): Buffer {
  const header = Buffer.alloc(4 + 4 * sizes.length);
  header.writeUInt32BE(0x0800 + sizes.length, 0);
  sizes.forEach((size, axis) => header.writeUInt32BE(size, 4 + 4 * axis));
  const length = sizes.reduce((product, size) => product * size, 1);
  return Buffer.concat([header, Uint8Array.from({ length }, (_, index) => byte(index))]);
}

beforeAll(async () => {
  await initializeBackend();
  terminal = await Terminal.open();
  for (const [part, count] of [
    ['train', 100],
    ['t10k', 80],
  ] as const) {
    await terminal.write(
      `images/${part}-images-idx3-ubyte`,
      idx([count, 28, 28], (index) => (index * 37) % 251),
    );
    await terminal.write(
      `images/${part}-labels-idx1-ubyte`,
      idx([count], (index) => index % 10),
    );
  }
  const { layers } = tf;
  const model = tf.sequential({
    name: 'tiny',
    layers: [
      layers.maxPooling2d({ inputShape: [28, 28, 1], name: 'pool', poolSize: 7 }),
      layers.flatten({ name: 'flat' }),
      layers.dense({ name: 'classes', units: 10, activation: 'softmax' }),
    ],
  });
  await randomize(model, 1).save(modelFiles(terminal.place('float')));
  await terminal.write(
    'config.json',
    JSON.stringify({ weights: { wordLength: 5 }, calibration: { images: 50, statisticsImages: 50 } }),
  );
});
afterAll(() => terminal.close());

describe('qfx quantize', () => {
  it('writes the graph, a network to train on from and the report, twice the same', async () => {
    const args = ['quantize', 'float/model.json', ...data, '--config', 'config.json', '--out', 'deep/result'];
    const document = await terminal.document(args);
    expect(document).toMatchObject({
      folder: 'deep/result',
      images: 80,
      report: { name: 'tiny', evaluatedImages: 80 },
    });
    expect(await terminal.list('deep')).toEqual(['result']);
    expect(await terminal.list('deep/result')).toEqual(['model', 'model.safetensors', 'quantization.json']);
    const bytes = await readFile(terminal.place('deep/result/model.safetensors'));
    const { graph } = loadGraph(bytes);
    expect(graph.provenance).toMatchObject({ parent: 'float/model.json', accuracy: { images: 80 } });
    expect(graph.tensors['classes/weights'].format.wordLength).toBe(5);
    const again = await tf.loadLayersModel(modelFiles(terminal.place('deep/result/model')));
    expect(quantizersOf(again).every(({ quantizer }) => quantizer.isInitialized)).toBe(true);

    expect((await terminal.qfx(args)).exitCode).toBe(0);
    expect(await readFile(terminal.place('deep/result/model.safetensors'))).toEqual(bytes);
    expect(await terminal.list('deep')).toEqual(['result']);
    const { accuracy, graph: file } = document as { accuracy: { quantized: number }; graph: string };
    const evaluated = await terminal.document(['eval', file, ...data]);
    expect(evaluated.accuracy).toBe(accuracy.quantized);
  });

  it('leaves out channels whose weights are all 0, and says which', async () => {
    const { layers } = tf;
    const model = tf.sequential({
      name: 'sparse',
      layers: [
        layers.maxPooling2d({ inputShape: [28, 28, 1], name: 'pool', poolSize: 7 }),
        layers.flatten({ name: 'flat' }),
        layers.dense({ name: 'hidden', units: 4, activation: 'relu' }),
        layers.dense({ name: 'classes', units: 10 }),
      ],
    });
    randomize(model, 2);
    const [kernel, bias] = model.getLayer('hidden').getWeights();
    const isKept = tf.tensor1d([1, 1, 0, 1]);
    model.getLayer('hidden').setWeights([kernel.mul(isKept), bias.mul(isKept)]);
    await model.save(modelFiles(terminal.place('sparse')));
    const args = ['quantize', 'sparse/model.json', ...data, '--config', 'config.json', '--out', 'sparse-result'];
    expect(await terminal.document(args)).toMatchObject({ prunedChannels: { hidden: 1 } });
    const { graph } = loadGraph(await readFile(terminal.place('sparse-result/model.safetensors')));
    expect(graph.provenance).toMatchObject({ parent: 'sparse/model.json', pruned: { hidden: [2] } });
    expect(graph.tensors['hidden/weights'].shape).toEqual([16, 3]);
    expect((await terminal.qfx(args)).stdout).toMatch(/^pruned channels: hidden 1 of 4$/m);
  });

  it('trains on from what it wrote', async () => {
    const run = `
      import { defineRun, modelFiles } from 'qfx/autograd';
      export default defineRun({
        name: 'tuned',
        data: 'mnist',
        model: ({ tf }) => tf.loadLayersModel(modelFiles('start/model')),
        training: { epochs: 1, batchSize: 50, freezing: { images: 50 } },
      });`;
    await terminal.write('tune.mjs', run);
    await terminal.document(['quantize', 'float/model.json', ...data, '--config', 'config.json', '--out', 'start']);
    const trained = await terminal.document([
      'train',
      'tune.mjs',
      '--data',
      'images',
      '--workers',
      '2',
      '--out',
      'runs',
    ]);
    expect(trained).toMatchObject({ steps: 2, images: 80 });
  });

  it("takes a run description's data, and their type", async () => {
    const rows = Array.from(
      { length: 100 },
      (_, row) => `${row % 7},${((row * 5) % 11) - 5},${row % 2 ? 'odd' : 'even'}`,
    );
    await terminal.write('tables/rows.csv', ['a,b,kind', ...rows].join('\n'));
    await terminal.write(
      'rows.mjs',
      `import { csvFiles } from 'qfx/data';
       const data = csvFiles('tables', { train: 'rows.csv', label: 'kind', wordLength: 11, signed: true });
       export default { name: 'rows', data, model: () => {} };`,
    );
    const { layers } = tf;
    const model = tf.sequential({
      name: 'features',
      layers: [layers.flatten({ inputShape: [1, 1, 2] }), layers.dense({ units: 2 })],
    });
    await randomize(model, 1).save(modelFiles(terminal.place('features')));
    const document = await terminal.document([
      'quantize',
      'features/model.json',
      '--data-set',
      'rows.mjs',
      '--out',
      'rows',
    ]);
    expect(document).toMatchObject({
      report: { config: { calibration: { images: 80, statisticsImages: 80 } } },
    });
    const { graph } = loadGraph(await readFile(terminal.place('rows/model.safetensors')));
    expect(graph.nodes[0].outputType).toMatchObject({ wordLength: 11, binaryPoint: 10, signed: true });
    const { accuracy } = document as { accuracy: { quantized: number } };
    expect(await terminal.document(['eval', 'rows/model.safetensors'])).toMatchObject({ accuracy: accuracy.quantized });
  });

  it('refuses, and leaves what is there alone', async () => {
    const quantize = (...args: readonly string[]) => terminal.qfx(['quantize', ...args]);
    expectRefusal(await quantize('float/model.json', '--data', 'images'), 2, /for a folder add --data-set/);
    expectRefusal(await quantize('none.json', ...data), 1, /none\.json: cannot be read/);
    expectRefusal(await quantize('float/model.json'), 2, /add --data-set mnist\|cifar10\|<run description>/);
    expectRefusal(await quantize('float/model.json', '--data-set', 'images'), 2, /or a run description .* is needed/);
    await terminal.write('many.json', JSON.stringify({ calibration: { statisticsImages: 101 } }));
    expectRefusal(
      await quantize('float/model.json', ...data, '--config', 'many.json'),
      1,
      /quantizeModel: calibration: 101 images, but .* has 100/,
    );
    await terminal.write('mine/notes.txt', 'mine');
    expectRefusal(await quantize('float/model.json', ...data, '--out', 'mine'), 1, /holds no quantization\.json/);
    expect(await terminal.list('mine')).toEqual(['notes.txt']);
    await terminal.write(
      'graph.json',
      JSON.stringify({ format: 'graph-model', modelTopology: {}, weightsManifest: [] }),
    );
    expectRefusal(
      await quantize('graph.json', ...data),
      1,
      /graph\.json: format: found "graph-model", allowed: "layers-model"/,
    );
    await terminal.write('broken.json', '{');
    expectRefusal(
      await quantize('float/model.json', ...data, '--config', 'broken.json'),
      1,
      /broken\.json: no configuration/,
    );
    expect(await terminal.list()).not.toContain('out');
  });
});

describe('loadModelFile', () => {
  it("reads weights in several files without a checksum, as the tensor library's converter writes them", async () => {
    const model = JSON.parse(await readFile(terminal.place('float/model.json'), 'utf8')) as {
      weightsManifest: [{ paths: string[]; weights: object[] }];
      weightsSha256?: string;
    };
    const bytes = await readFile(terminal.place('float/weights.bin'));
    delete model.weightsSha256;
    model.weightsManifest[0].paths = ['shard1', 'shard2'];
    await terminal.write('converted/shard1', bytes.subarray(0, 40));
    await terminal.write('converted/shard2', bytes.subarray(40));
    const path = terminal.place(await terminal.write('converted/model.json', JSON.stringify(model)));
    const [kernel] = (await loadModelFile(path)).getWeights();
    const [expected] = (await loadModelFile(terminal.place('float/model.json'))).getWeights();
    expect(kernel.dataSync()).toEqual(expected.dataSync());

    await writeFile(terminal.place('converted/shard2'), bytes.subarray(40, 60));
    await expect(loadModelFile(path)).rejects.toThrow(/model\.json: is no layers model that can be loaded: /);
  });
});
