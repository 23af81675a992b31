import { join } from 'node:path';
import { expect, it } from 'vitest';
import { exportHls } from '../../src/hls-codegen/index.js';
import { averageReciprocals, buildGraph } from '../../src/qfx/index.js';
import { findCompiler, requireOracle } from '../support/oracles.js';
import { compileAndRun, temporaryFolder } from './support/project.js';
import { tensor, type } from './support/small-graphs.js';

const convolution = { strides: [1, 1], dilations: [1, 1], groups: 1 };
const weights = (count: number) => Array.from({ length: count }, (_, index) => ((index * 7) % 15) - 7);

/** An image of one pixel under kernels and windows that are larger than it. */
const graph = buildGraph({
  name: 'one pixel',
  nodes: [
    { name: 'image', operation: 'input', inputs: [], attributes: { shape: [1, 1, 2] }, outputType: type(true, 6, 2) },
    {
      name: 'same',
      operation: 'conv2d',
      inputs: ['image'],
      attributes: { ...convolution, padding: [2, 2, 2, 2] },
      constants: { weights: 'kernel' },
      outputType: type(true, 8, 3),
    },
    {
      name: 'grows',
      operation: 'conv2d',
      inputs: ['same'],
      attributes: { ...convolution, padding: [1, 2, 2, 1] },
      constants: { weights: 'wide' },
      outputType: type(true, 8, 2),
    },
    {
      name: 'largest',
      operation: 'max-pooling2d',
      inputs: ['grows'],
      attributes: { poolSize: [3, 3], strides: [2, 2], padding: [1, 1, 1, 1] },
      outputType: 'exact',
    },
    {
      name: 'mean',
      operation: 'average-pooling2d',
      inputs: ['image'],
      attributes: { poolSize: [3, 3], strides: [1, 1], padding: [1, 1, 1, 1], counts: [1] },
      constants: { reciprocals: 'one' },
      outputType: 'exact',
    },
  ],
  outputs: ['largest', 'mean'],
  tensors: {
    kernel: tensor([5, 5, 2, 2], weights(100), { wordLength: 4 }),
    wide: tensor([2, 3, 2, 2], weights(24), { wordLength: 4 }),
    one: averageReciprocals([1], 8),
  },
});

it('an image of one pixel, under kernels larger than it, computes the same integers in C++', async (context) => {
  const folder = join(await temporaryFolder(), 'project');
  await exportHls(graph, { out: folder });
  const printed = await compileAndRun(folder, { compiler: requireOracle(context, findCompiler()) });
  expect(printed).toContain(' 0 mismatches');
});
