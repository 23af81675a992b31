import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { tf } from 'qfx/autograd';
import { exportHls, simulate } from 'qfx/hls';
import { buildGraph, loadGraph } from 'qfx';
import type { FixedPointType, NodeSpecification } from 'qfx';
import { Absolute, absolute } from '../../examples/own-operation/index.js';
import { allHigh, allLow, describeOperation } from '../operations/contract.js';
import { isLess, nothing, times, dyadic } from '../operations/dyadic.js';

describeOperation(
  {
    operation: absolute.name,
    draw: (draw) => ({
      attributes: {},
      inputs: [
        {
          shape: [draw.integer(1, 4), draw.integer(1, 3)],
          format: {
            signed: draw.pick([true, false]),
            wordLength: draw.pick([1, 2, 8, 53, 54, 64]),
            binaryPoint: draw.integer(-9, 70),
          },
        },
      ],
      constants: {},
    }),
    shape: (use) => use.inputs[0].shape,
    evaluate: (_use, [values], trace) =>
      values.map((value) => {
        const result = isLess(value, nothing) ? times(value, dyadic(-1)) : value;
        trace(result);
        return result;
      }),
    extremes: () => [allHigh, allLow],
    refusals: [
      {
        what: 'several types in one tensor',
        change: ({ inputs: [{ shape }], ...use }) => {
          const binaryPoint = { axis: 0, values: shape.slice(0, 1).flatMap((size) => new Array<number>(size).fill(1)) };
          return { ...use, inputs: [{ shape, format: { signed: true, wordLength: 4, binaryPoint } }] };
        },
        message: /its input has several types, needed: one/,
      },
    ],
  },
  { runs: 60 },
);

let folder: string;
const repository = process.cwd();
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qfx-own-operation-'));
  process.chdir(folder);
});
afterEach(async () => {
  process.chdir(repository);
  await rm(folder, { recursive: true });
});

it('is trained, frozen, exported and simulated without a mismatch', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  await import('../../examples/own-operation/train.js');
  const printed = log.mock.calls.map(([line]) => String(line));
  log.mockRestore();
  expect(printed).toHaveLength(2);
  expect(Number.parseFloat(printed[0]), printed[0]).toBeGreaterThan(85);
  expect(printed[1]).toBe('C++ against integers: 1200 values of all layers, 0 mismatches');

  const { graph } = loadGraph(await readFile('out/own-operation/graph.safetensors'));
  const [, , node] = graph.nodes;
  expect(node).toMatchObject({ name: 'distance', operation: 'example/absolute' });
  // Ten bits with a sign in, ten bits without one exactly, six of them out.
  expect([node.exactType.signed, node.exactType.wordLength]).toEqual([false, 10]);
  expect([node.outputType.signed, node.outputType.wordLength]).toEqual([false, 6]);
});

it('is known to a process once it loads a run description that imports it', async () => {
  const url = (path: string) => JSON.stringify(pathToFileURL(join(repository, path)).href);
  const files = {
    'package.json': '{ "type": "module" }',
    'run.ts': `import ${url('examples/own-operation/index.ts')};
      export default { name: 'own' as string, data: 'mnist', model: () => null };`,
    'load.ts': `import { loadRunDescription } from ${url('src/autograd/index.ts')};
      import { findOperation } from ${url('src/qfx/index.ts')};
      await loadRunDescription(${JSON.stringify(join(folder, 'run.ts'))});
      console.log(findOperation('example/absolute').name);`,
  };
  for (const [file, text] of Object.entries(files)) await writeFile(file, text);
  // A process of its own: in this one all modules are the test runner's.
  const options = { cwd: repository };
  const { stdout } = await execa(process.execPath, ['--import', 'tsx', join(folder, 'load.ts')], options);
  expect(stdout).toBe('example/absolute');
});

it('comes back from its own configuration', () => {
  const layer = new Absolute({ name: 'here', output: { wordLength: 5, rounding: 'AP_RND_CONV' } });
  const config = layer.getConfig();
  expect(config).toMatchObject({ name: 'here', output: { wordLength: 5, rounding: 'AP_RND_CONV', signed: false } });
  expect(Absolute.fromConfig(Absolute, config as tf.serialization.ConfigDict).getConfig()).toEqual(config);
});

it('computes the same in C++ from one bit to 64, signed or not', async () => {
  const cast = (signed: boolean, wordLength: number, binaryPoint: number): FixedPointType => ({
    ...{ signed, wordLength, binaryPoint },
    ...{ rounding: 'AP_RND', overflow: 'AP_SAT' },
  });
  const node = (name: string, operation: string, input: string, outputType: FixedPointType | 'exact') =>
    ({ name, operation, inputs: [input], attributes: {}, outputType }) satisfies NodeSpecification;
  const graph = buildGraph({
    name: 'widths',
    nodes: [
      { name: 'x', operation: 'input', inputs: [], attributes: { shape: [2, 6] }, outputType: cast(true, 64, 9) },
      node('of 64 bits', absolute.name, 'x', 'exact'),
      node('without a sign', absolute.name, 'of 64 bits', cast(true, 60, 11)),
      node('to 1 bit', 'requantize', 'x', cast(true, 1, 0)),
      node('of 1 bit', absolute.name, 'to 1 bit', 'exact'),
      node('to 8 bits', absolute.name, 'x', cast(false, 8, -46)),
    ],
    outputs: ['without a sign', 'of 1 bit', 'to 8 bits'],
  });
  await exportHls(graph, { out: 'widths', board: 'ultra96' });
  const { mismatches, layers } = await simulate('widths', { images: 64 });
  expect(mismatches).toBe(0);
  expect(layers.map(({ name }) => name)).toEqual(graph.nodes.map(({ name }) => name));
});
