import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadGraph, Network } from 'qfx';
import type { Graph } from 'qfx';
import { loadData } from 'qfx/data';
import { exportHls, simulate } from 'qfx/hls';
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

function claimed(graph: Graph): number {
  return (graph.provenance as { accuracy: { trained: number } }).accuracy.trained;
}

describe('the table of ResNet-8', () => {
  const measured: Results = {
    float: 0.8,
    control: 0.81,
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
    expect(table.get('8 bits')).toEqual(['', '', '']);
  });

  it('takes the place of the one between the comments', async () => {
    const renewed = await renewPage(page, measured);
    expect(renewed).toMatch(/\| 4 bits +\| +75.00 % +\| +80.00 % +\| +-1.00 +\|/);
    expect(renewed).not.toMatch(/\| 8 bits +\| +\d/);
    await expect(renewPage('no comments', measured)).rejects.toThrow(/the page lacks the lines/);
  });
});

describe('the committed graphs', () => {
  it('are the rows of the table, with the accuracies that it says', () => {
    expect(graphs.map((file) => file.replace('.safetensors', '')).sort()).toEqual(
      rows.map(({ name }) => `resnet8-${name}`).sort(),
    );
    for (const { name, title } of rows) {
      const percent = (100 * claimed(committed(`resnet8-${name}.safetensors`))).toFixed(2);
      const line = page.split('\n').find((text) => text.startsWith(`| ${title} `));
      expect(line, title).toContain(`| ${percent} %`);
    }
  });

  it('reach them on all test images, in integers', async (context) => {
    const data = await loadData('cifar10', { download: false }).catch(() => undefined);
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

  it.each(rows.filter(({ quantizers }) => JSON.stringify(quantizers).includes('kHot')))(
    'need no multiplication: $title',
    async ({ name }) => {
      const folder = await mkdtemp(join(tmpdir(), 'qfx-results-'));
      try {
        const bytes = new Uint8Array(readFileSync(`results/graphs/resnet8-${name}.safetensors`));
        await exportHls(bytes, { out: join(folder, 'hls') });
        const { images, mismatches } = await simulate(join(folder, 'hls'), { images: 2, noMultiply: true });
        expect({ images, mismatches }).toEqual({ images: 2, mismatches: 0 });
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  );
});
