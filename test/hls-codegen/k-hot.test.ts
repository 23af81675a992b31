import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exportHls, loadBoard } from '../../src/hls-codegen/index.js';
import { buildGraph, defaultPlan, summarizeGraph } from '../../src/qfx/index.js';
import type { Graph, GraphSpecification, IntegerTensor, KHot } from '../../src/qfx/index.js';
import { findApTypes, findCompiler, requireOracle } from '../support/oracles.js';
import { KHotGraph } from './support/k-hot-graph.js';
import { randomPlan } from './support/lanes.js';
import { compileAndRun, temporaryFolder } from './support/project.js';
import { randomGraph, seededDraw } from './support/random-graph.js';
import { smallNetwork, tensor, type } from './support/small-graphs.js';

/** Groups, depthwise, binary points by channel and by element, plain and signed digits, constants without sign. */
const seeds = [5, 8, 15];

const networks = seeds.map((seed) => {
  const draw = seededDraw(seed);
  const random = new KHotGraph(draw);
  const graph = randomGraph(draw, random);
  return { seed, graph, plan: randomPlan(graph, random) };
});

describe('networks whose constants are K-hot', () => {
  for (const { seed, graph, plan } of networks) {
    it(`network ${seed} has no multiplication`, () => {
      const { multiplications, products, shiftAdds } = summarizeGraph(graph);
      expect(multiplications).toBe(0);
      expect(shiftAdds).toBeGreaterThanOrEqual(products);
    });

    it(`network ${seed} computes in C++ what the executor computes, without multiplication`, async (context) => {
      const compiler = requireOracle(context, findCompiler());
      const folder = join(await temporaryFolder(), 'project');
      await exportHls(graph, { out: folder, plan });
      expect(await compileAndRun(folder, { compiler, defines: ['QFX_NO_MULTIPLY'] })).toContain(' 0 mismatches');
      // The sums in another order, which are native integers again.
      expect(await compileAndRun(folder, { compiler, args: ['--hardware-loops', '0'] })).toContain(' 0 mismatches');
    });

    it(`network ${seed} computes the same with AMD's headers`, async (context) => {
      const compiler = requireOracle(context, findCompiler());
      const apTypes = requireOracle(context, findApTypes());
      const folder = join(await temporaryFolder(), 'project');
      await exportHls(graph, { out: folder, plan });
      expect(await compileAndRun(folder, { compiler, apTypes })).toContain(' 0 mismatches');
    });
  }
});

/** The small network with two-hot weights. */
function twoHot(kHot: KHot = { terms: 2, digits: 'signed' }, raw: readonly number[] = [1, -2, 3, -4, 5, -6, 7, -31]) {
  const weights = tensor([2, 2, 1, 2], raw, { kHot });
  const classes = tensor(
    [12, 2],
    Array.from({ length: 24 }, (_, index) => [0, 1, -2, 12, -16, 3][index % 6]),
    { kHot: { terms: 2, digits: 'plain' } },
  );
  return buildGraph({
    ...smallNetwork,
    tensors: { ...smallNetwork.tensors, 'conv1/kernel': weights, 'classes/kernel': classes },
  });
}

async function exported(graph: Graph, options: Partial<Parameters<typeof exportHls>[1]> = {}): Promise<string> {
  const folder = join(await temporaryFolder(), 'project');
  await exportHls(graph, { out: folder, vectors: 3, ...options });
  return folder;
}

describe('a layer with K-hot weights', () => {
  it('is written as an engineer would', async () => {
    const folder = await exported(twoHot());
    const source = await readFile(join(folder, 'src/layers/l1_conv1.cpp'), 'utf8');
    expect(source).toContain('  using weight_t = qfx::k_hot<ap_fixed<6, 2>, 2, qfx::signed_digits>;\n');
    // 1, -2, 3 = 4 - 1, -4, 5 = 4 + 1, -6 = -8 + 2, 7 = 8 - 1, -31 = -32 + 1
    const words = [
      [0b0_100_0_000, 0b0_100_1_001],
      [0b1_000_0_010, 0b0_100_1_010],
      [0b0_000_0_010, 0b0_001_1_011],
      [0b1_000_0_011, 0b0_000_1_101],
    ];
    expect(source).toContain(`
// Weights, K-hot words (qfx/k_hot.h): a row is one step, 1 x 2 (inputs x outputs).
//   bits 0 to 2: exponent of power 1 (6: there is none); bit 3: it is subtracted
//   bits 4 to 6: exponent of power 2 (4: there is none); bit 7: it is subtracted
const qfx::table_t<l1_conv1_config::weight_t> l1_conv1_weights[4][2] = {
  ${words.map((row) => `{${row.join(', ')}},`).join(' ')}
};
`);
  });

  it('is a multiplication where the plan says so', async () => {
    const graph = twoHot();
    const plan = defaultPlan(graph, await loadBoard('ultra96'));
    expect(plan.layers).toMatchObject({ conv1: { weights: 'shifters' }, classes: { weights: 'shifters' } });
    expect(plan.layers.relu1).not.toHaveProperty('weights');
    const layers = { ...plan.layers, conv1: { ...plan.layers.conv1, weights: 'multipliers' as const } };
    const folder = await exported(graph, { plan: { ...plan, layers } });
    const source = await readFile(join(folder, 'src/layers/l1_conv1.cpp'), 'utf8');
    expect(source).toContain('  using weight_t = ap_fixed<6, 2>;\n');
    expect(source).toContain('{1, -2}, {3, -4}, {5, -6}, {7, -31},');
  });
});

describe('QFX_NO_MULTIPLY', () => {
  it('makes a compile error of a layer that multiplies, which says why', async (context) => {
    const compiler = requireOracle(context, findCompiler());
    const folder = await exported(buildGraph(smallNetwork));
    await expect(compileAndRun(folder, { compiler, defines: ['QFX_NO_MULTIPLY'] })).rejects.toThrow(
      /QFX_NO_MULTIPLY: this layer multiplies, its constants are not K-hot/,
    );
  });
});

describe('averages', () => {
  /** An average over 2 x 2 or 3 x 3 pixels, and a dense layer behind it. */
  function averaging(size: 2 | 3, classes: IntegerTensor): Graph {
    const [image, , , flat, dense] = smallNetwork.nodes;
    const specification: GraphSpecification = {
      ...smallNetwork,
      nodes: [
        { ...image, attributes: { shape: [3, 4, 1] } },
        {
          name: 'pool',
          operation: 'average-pooling2d',
          inputs: ['image'],
          attributes: { poolSize: [size, size], strides: [1, 1], padding: [0, 0, 0, 0], counts: [size * size] },
          constants: { reciprocals: 'r' },
          outputType: type(false, 8, 8),
        },
        { ...flat, inputs: ['pool'] },
        dense,
      ],
      tensors: {
        r: tensor([1], [size === 2 ? 1 : 57], { signed: false, wordLength: size === 2 ? 1 : 6, binaryPoint: 9 }),
        'classes/kernel': classes,
      },
    };
    return buildGraph(specification);
  }
  const outputs = { 2: 6, 3: 2 } as const;
  const classes = (size: 2 | 3, kHot?: KHot) =>
    tensor([outputs[size], 1], new Array<number>(outputs[size]).fill(4), kHot && { kHot });
  const oneHot = { terms: 1, digits: 'plain' } as const;

  it.each([
    ['a power of two, anywhere', averaging(2, classes(2)), 'qfx::k_hot<ap_ufixed<1, -8>, 1, qfx::plain_digits>', 6],
    ['not one, where others multiply', averaging(3, classes(3)), 'ap_ufixed<6, -3>', 0],
    // 57 = 64 - 8 + 1
    [
      'not one, where nothing else multiplies',
      averaging(3, classes(3, oneHot)),
      'qfx::k_hot<ap_ufixed<6, -3>, 3, qfx::signed_digits>',
      6,
    ],
  ])('over %s', async (_, graph, reciprocal, shiftAdds) => {
    const source = await readFile(join(await exported(graph), 'src/layers/l1_pool.cpp'), 'utf8');
    expect(source).toContain(`  using reciprocal_t = ${reciprocal};\n`);
    expect(summarizeGraph(graph).layers[1]).toMatchObject({ shiftAdds });
  });
});
