import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportHls, loadBoard } from '../../src/hls-codegen/index.js';
import type { HardwarePlan } from '../../src/qfx/hardware/plan.js';
import { buildGraph, defaultPlan } from '../../src/qfx/index.js';
import type { Graph } from '../../src/qfx/index.js';
import { findApTypes, findCompiler, requireOracle } from '../support/oracles.js';
import { KHotGraph } from './support/k-hot-graph.js';
import { randomPlan } from './support/lanes.js';
import { compileAndRun, temporaryFolder } from './support/project.js';
import { RandomGraph, randomGraph, seededDraw } from './support/random-graph.js';
import { smallNetwork, tensor } from './support/small-graphs.js';

/** The plan, with adder graphs for all dense layers and convolutions. */
function unrolled(graph: Graph, plan: HardwarePlan): HardwarePlan {
  const layers = { ...plan.layers };
  for (const { name, operation } of graph.nodes) {
    if (operation === 'dense' || operation === 'conv2d') layers[name] = { ...layers[name], weights: 'adder-graph' };
  }
  return { ...plan, layers };
}

describe('layers whose weights are an adder graph', () => {
  // With groups in 13 and 25, and binary points by channel.
  for (const seed of [7, 13, 25]) {
    // Ordinary constants: the other products of the network, those of batch normalization, stay multiplications.
    it(`compute in C++ what the executor computes: network ${seed}`, async (context) => {
      const compiler = requireOracle(context, findCompiler());
      const draw = seededDraw(seed);
      const random = new RandomGraph(draw);
      const graph = randomGraph(draw, random);
      const folder = join(await temporaryFolder(), 'project');
      await exportHls(graph, { out: folder, plan: unrolled(graph, randomPlan(graph, random)) });
      expect(await compileAndRun(folder, { compiler })).toContain(' 0 mismatches');
    });
  }

  it("compute the same with AMD's headers, and without multiplication", async (context) => {
    const compiler = requireOracle(context, findCompiler());
    const draw = seededDraw(5);
    const random = new KHotGraph(draw);
    const graph = randomGraph(draw, random);
    const folder = join(await temporaryFolder(), 'project');
    await exportHls(graph, { out: folder, plan: unrolled(graph, randomPlan(graph, random)) });
    expect(await compileAndRun(folder, { compiler, defines: ['QFX_NO_MULTIPLY'] })).toContain(' 0 mismatches');
    const apTypes = requireOracle(context, findApTypes());
    expect(await compileAndRun(folder, { compiler, apTypes })).toContain(' 0 mismatches');
  });

  it('compile without a warning where all weights are 0, so that no input is read', async (context) => {
    const compiler = requireOracle(context, findCompiler());
    const { tensors } = smallNetwork;
    const zeros = { 'conv1/kernel': tensor([2, 2, 1, 2], new Array<number>(8).fill(0)) };
    const graph = buildGraph({ ...smallNetwork, tensors: { ...tensors, ...zeros } });
    const folder = join(await temporaryFolder(), 'project');
    await exportHls(graph, { out: folder, plan: unrolled(graph, defaultPlan(graph, await loadBoard('ultra96'))) });
    expect(await compileAndRun(folder, { compiler })).toContain(' 0 mismatches');
  });

  it('are written an addition a line', async () => {
    const graph = buildGraph(smallNetwork);
    const folder = join(await temporaryFolder(), 'project');
    await exportHls(graph, { out: folder, plan: unrolled(graph, defaultPlan(graph, await loadBoard('ultra96'))) });
    const source = await readFile(join(folder, 'src/layers/l1_conv1.cpp'), 'utf8');
    expect(source).toContain('qfx::conv2d_adders<l1_conv1_config, l1_conv1_adders>(input, output, l1_conv1_bias);');
    expect(source).toContain(`
// Weights as 7 adders, from all inputs x of a position to all sums y (qfx/adders.h).
struct l1_conv1_adders {
  static void sum(const l1_conv1_config::input_t (&x)[4],
                  l1_conv1_config::exact_t (&y)[2]) {
#pragma HLS INLINE
    const ap_ufixed<10, 2> a0 = x[1] + qfx::shifted<1>(x[2]);
`);
    expect(source).toContain('    y[1] = -qfx::shifted<-3>(a3);\n  }\n};\n');
    const verilog = await readFile(join(folder, 'rtl/l1_conv1_adders.v'), 'utf8');
    expect(verilog).toContain('module l1_conv1_adders (\n  input [7:0] x0,\n');
    expect(verilog.match(/^ {2}qfx_adder /gm)).toHaveLength(7);
    expect(await readFile(join(folder, 'rtl/qfx_adder.v'), 'utf8')).toContain('module qfx_adder');
    const readme = await readFile(join(folder, 'README.md'), 'utf8');
    expect(readme).toContain('| `l1_conv1` "conv1" | conv2d | [2, 3, 2] | `ap_fixed<8, 4>` | 2 | 7 adders |');
  });

  it('are refused where there are too many weights, or products of another kind', async () => {
    const [image, , , , dense] = smallNetwork.nodes;
    const many = buildGraph({
      name: 'many',
      nodes: [
        { ...image, attributes: { shape: [5000] } },
        { ...dense, inputs: ['image'] },
      ],
      outputs: ['classes'],
      tensors: {
        'classes/kernel': tensor(
          [5000, 1],
          Array.from({ length: 5000 }, (_, index) => index % 6),
        ),
      },
    });
    const out = join(await temporaryFolder(), 'project');
    const plan = defaultPlan(many, await loadBoard('ultra96'));
    await expect(exportHls(many, { out, plan: unrolled(many, plan) })).rejects.toThrow(
      'hardware plan: layer "classes": weights is "adder-graph", and 4166 of its weights are not 0; allowed: at most 4096',
    );
    const normalizing = buildGraph({
      name: 'normalizing',
      nodes: [
        { ...image, attributes: { shape: [2] } },
        {
          name: 'norm',
          operation: 'batch-normalization',
          inputs: ['image'],
          constants: { scale: 's', offset: 's' },
          outputType: 'exact',
        },
      ],
      outputs: ['norm'],
      tensors: { s: tensor([2], [3, 5]) },
    });
    const other = defaultPlan(normalizing, await loadBoard('ultra96'));
    const layers = { ...other.layers, norm: { ...other.layers.norm, weights: 'adder-graph' as const } };
    await expect(exportHls(normalizing, { out, plan: { ...other, layers } })).rejects.toThrow(
      'layer "norm": weights is "adder-graph", which only dense layers and convolutions can have',
    );
  });
});
