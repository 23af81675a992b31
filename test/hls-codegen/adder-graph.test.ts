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
import { smallNetwork } from './support/small-graphs.js';

/** The plan, with adder graphs for all dense layers and convolutions. */
function unrolled(graph: Graph, plan: HardwarePlan): HardwarePlan {
  const layers = { ...plan.layers };
  for (const { name, operation } of graph.nodes) {
    if (operation === 'dense' || operation === 'conv2d') layers[name] = { ...layers[name], weights: 'adder-graph' };
  }
  return { ...plan, layers };
}

describe('layers whose weights are an adder graph', () => {
  for (const seed of [4, 7, 9]) {
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

  it('are written an addition a line', async () => {
    const graph = buildGraph(smallNetwork);
    const folder = join(await temporaryFolder(), 'project');
    await exportHls(graph, { out: folder, plan: unrolled(graph, defaultPlan(graph, await loadBoard('ultra96'))) });
    const source = await readFile(join(folder, 'src/layers/l1_conv1.cpp'), 'utf8');
    expect(source).toContain('qfx::conv2d_adders<l1_conv1_config, l1_conv1_adders>(input, output, l1_conv1_bias);');
    console.log(source);
    console.log(await readFile(join(folder, 'rtl/l1_conv1_adders.v'), 'utf8'));
  });
});
