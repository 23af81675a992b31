import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadGraph } from 'qfx';
import { loadData } from 'qfx/data';
import type { DataSet } from 'qfx/data';
import { exportHls, simulate } from 'qfx/hls';

/** Trained by `qfx train examples/cifar10/resnet8.ts`; see results/README.md. */
const graphFile = new URL('../../results/graphs/resnet8-w8a8.safetensors', import.meta.url);
const images = 256;

let folder: string;
let cifar10: DataSet | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qfx-resnet8-'));
  cifar10 = await loadData('cifar10', { download: false }).catch(() => undefined);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('ResNet-8 on CIFAR-10', () => {
  it('computes the same integers in C++ as in the executor, on every layer', async () => {
    const bytes = new Uint8Array(await readFile(graphFile));
    const { graph } = loadGraph(bytes);
    await exportHls(bytes, { out: join(folder, 'hls'), board: 'ultra96' });
    // Real test images where the data set is at hand, else images over the whole range of bytes.
    const test = cifar10?.test.images;
    const size = 32 * 32 * 3;
    const inputs = test && { count: images, image: (index: number) => test.subarray(index * size, (index + 1) * size) };
    const result = await simulate(join(folder, 'hls'), inputs ? { inputs } : { images });
    expect(result.mismatches).toBe(0);
    expect(result.images).toBe(images);
    expect(result.layers.map(({ name }) => name)).toEqual(graph.nodes.map(({ name }) => name));
    // Every value of every layer, each once.
    const values = graph.nodes.reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0);
    expect(result.valuesCompared).toBe(images * values);
  });

  it('is fixed point on every layer', async () => {
    const { graph } = loadGraph(new Uint8Array(await readFile(graphFile)));
    for (const { name, operation, outputType } of graph.nodes) {
      // Sums of shortcuts pass on exactly: 12-bit operands, aligned. All else is cast to 12 bits or fewer.
      const limit = operation === 'add' ? 24 : 12;
      expect(outputType.wordLength, name).toBeLessThanOrEqual(limit);
    }
    for (const [name, { format }] of Object.entries(graph.tensors))
      expect(format.wordLength, name).toBeLessThanOrEqual(12);
  });
});
