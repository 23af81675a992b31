import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportHls } from '../../src/hls-codegen/index.js';
import { operationNames } from '../../src/qfx/index.js';
import { findCompiler, requireOracle } from '../support/oracles.js';
import { randomPlan } from './support/lanes.js';
import { compileAndRun, temporaryFolder } from './support/project.js';
import { RandomGraph, functionGraph, functionOperations, randomGraph, seededDraw } from './support/random-graph.js';

/** Chosen so that the first test holds. */
const seeds = [1, 3, 4, 24, 27, 141];

const networks = seeds.map((seed) => {
  const draw = seededDraw(seed);
  const graph = randomGraph(draw);
  return { seed, graph, plan: randomPlan(graph, new RandomGraph(draw)) };
});

const functionNetworks = [1, 2, 3, 4].map((seed) => {
  const draw = seededDraw(seed);
  const graph = functionGraph(draw);
  return { seed, graph, plan: randomPlan(graph, new RandomGraph(draw)) };
});

const imageOperations = operationNames.filter((name) => !functionOperations.includes(name));

describe('random networks', () => {
  it('use every operation, with one lane and with several on both sides', () => {
    const found = new Set(
      networks.flatMap(({ graph, plan }) =>
        graph.nodes.flatMap(({ name, operation }) => {
          const { inputLanes, outputLanes } = plan.layers[name];
          return [operation, `${operation} in ${inputLanes > 1}`, `${operation} out ${outputLanes > 1}`];
        }),
      ),
    );
    const wanted = imageOperations.flatMap((name) => [
      name,
      `${name} in true`,
      `${name} in false`,
      `${name} out true`,
      `${name} out false`,
    ]);
    expect(wanted.filter((use) => !found.has(use))).toEqual([]);
  });

  for (const { seed, graph, plan } of [...networks, ...functionNetworks]) {
    it(`${graph.name} network ${seed} computes in C++ what the executor computes`, async (context) => {
      const compiler = requireOracle(context, findCompiler());
      const folder = join(await temporaryFolder(), 'project');
      await exportHls(graph, { out: folder, plan });
      const printed = await compileAndRun(folder, { compiler });
      expect(printed).toContain('16 images');
      expect(printed).toContain(' 0 mismatches');
    });
  }
});
