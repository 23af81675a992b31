import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadGraph, Network } from 'qfx';
import type { Graph } from 'qfx';
import { loadData } from 'qfx/data';
import type { DataSet } from 'qfx/data';
import { exportHls, simulate } from 'qfx/hls';
import type { SimulateOptions, SimulationResult } from 'qfx/hls';
import { rows } from '../../results/resnet8/rows.js';
import { renewPage, tableRows } from '../../results/resnet8/table.js';
import type { Results } from '../../results/resnet8/table.js';
import { measureAccuracy } from '../../src/cli/accuracy.js';
import { labelledImages } from '../../src/cli/test-images.js';

const page = readFileSync('results/README.md', 'utf8');
const graphs = readdirSync('results/graphs').filter((file) => file.endsWith('.safetensors'));

function committed(file: string): Graph {
  return loadGraph(new Uint8Array(readFileSync(`results/graphs/${file}`))).graph;
}

/** Where it is at hand; nothing is downloaded. */
function cifar10(): Promise<DataSet | undefined> {
  return loadData('cifar10', { download: false }).catch(() => undefined);
}

async function simulateGraph(name: string, options: SimulateOptions): Promise<SimulationResult> {
  const folder = await mkdtemp(join(tmpdir(), 'qfx-results-'));
  try {
    const project = join(folder, 'hls');
    await exportHls(new Uint8Array(readFileSync(`results/graphs/${name}.safetensors`)), { out: project });
    return await simulate(project, options);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function claimed(graph: Graph): number {
  return (graph.provenance as { accuracy: { trained: number } }).accuracy.trained;
}

describe('the table of ResNet-8', () => {
  const measured: Results = {
    float: 0.8,
    control: { settings: {}, accuracy: 0.81 },
    rows: {
      w4a4: { settings: {}, untrained: 0.75, trained: 0.8 },
      'w4a4-scratch-fixed': { settings: {}, trained: 0.5 },
    },
  };

  it('holds what was measured, and nothing for what was not', () => {
    const table = new Map(tableRows(measured).map(([title, ...cells]) => [title, cells]));
    expect(table.get('float')).toEqual(['80.00 %', '81.00 %', '']);
    expect(table.get('4 bits')).toEqual(['75.00 %', '80.00 %', '-1.00']);
    expect(table.get('4 bits from scratch, binary points of the first batch')).toEqual(['', '50.00 %', '']);
    expect(table.has('8 bits')).toBe(false);
  });

  it('takes the place of the one between the comments', async () => {
    const renewed = await renewPage(page, measured);
    expect(renewed).toMatch(/\| 4 bits +\| +75.00 % +\| +80.00 % +\| +-1.00 +\|/);
    expect(renewed).not.toContain('| 8 bits ');
    await expect(renewPage('no comments', measured)).rejects.toThrow(/the page lacks the lines/);
  });
});

describe('the committed graphs', () => {
  it('are the rows of the table, with the accuracies that it says', () => {
    const lines = page.split('\n');
    for (const { name, title } of rows) {
      const line = lines.find((text) => text.startsWith(`| ${title} `));
      expect(graphs.includes(`resnet8-${name}.safetensors`), title).toBe(line !== undefined);
      if (line === undefined) continue;
      const percent = (100 * claimed(committed(`resnet8-${name}.safetensors`))).toFixed(2);
      expect(line, title).toContain(`| ${percent} %`);
    }
    expect(graphs.filter((file) => !rows.some(({ name }) => file === `resnet8-${name}.safetensors`))).toEqual([]);
  });

  it('reach them on all test images, in integers', async (context) => {
    const data = await cifar10();
    if (data === undefined) {
      if (process.env.QFX_REQUIRE_ORACLES === '1') throw new Error('CIFAR-10 is not there: QFX_DATA is not set');
      return context.skip('CIFAR-10 is not there: set QFX_DATA');
    }
    const silent = { progress: () => ({ update() {}, stop() {} }), signal: new AbortController().signal };
    for (const file of graphs) {
      const graph = committed(file);
      const accuracy = await measureAccuracy(new Network(graph), labelledImages(graph, data), silent);
      expect(accuracy, file).toBe(claimed(graph));
    }
  }, 600_000);

  it('are fixed point on every layer', () => {
    for (const file of graphs) {
      const { nodes, tensors } = committed(file);
      // Sums have 16 bits, all else is cast to fewer.
      for (const { name, outputType } of nodes)
        expect(outputType.wordLength, `${file}: ${name}`).toBeLessThanOrEqual(16);
      for (const [name, { format }] of Object.entries(tensors))
        expect(format.wordLength, `${file}: ${name}`).toBeLessThanOrEqual(12);
    }
  });

  it('compute the same integers in C++ as in the executor, on every layer', async () => {
    const data = await cifar10();
    const size = 32 * 32 * 3;
    // Real test images where the data set is at hand, else images over the whole range of bytes.
    const image = (index: number) => data!.test.images.subarray(index * size, (index + 1) * size);
    const { nodes } = committed('resnet8-w8a8.safetensors');
    const images = 256;
    const result = await simulateGraph('resnet8-w8a8', data ? { inputs: { count: images, image } } : { images });
    expect(result.images).toBe(images);
    expect(result.mismatches).toBe(0);
    expect(result.layers.map(({ name }) => name)).toEqual(nodes.map(({ name }) => name));
    // Every value of every layer, each once.
    const values = nodes.reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0);
    expect(result.valuesCompared).toBe(images * values);
  });

  it.each(rows.filter(({ name }) => name.startsWith('k') && graphs.includes(`resnet8-${name}.safetensors`)))(
    'need no multiplication: $title',
    async ({ name }) => {
      const { images, mismatches } = await simulateGraph(`resnet8-${name}`, { images: 2, noMultiply: true });
      expect({ images, mismatches }).toEqual({ images: 2, mismatches: 0 });
    },
  );
});
