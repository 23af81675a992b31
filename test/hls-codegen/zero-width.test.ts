import { join } from 'node:path';
import { expect, it } from 'vitest';
import { exportHls } from '../../src/hls-codegen/index.js';
import { buildGraph } from '../../src/qfx/index.js';
import { findCompiler, requireOracle } from '../support/oracles.js';
import { compileAndRun, temporaryFolder } from './support/project.js';
import { tensor, type } from './support/small-graphs.js';

/** A layer that reads nothing but zeros. */
const unary = (operation: string) => ({ operation, inputs: ['cast'], outputType: 'exact' as const });

/** Every constant and value that is 0 by its type, wherever one can stand. */
const graph = buildGraph({
  name: 'pruned',
  nodes: [
    { name: 'image', operation: 'input', inputs: [], attributes: { shape: [2, 2, 3] }, outputType: type(true, 6, 2) },
    {
      name: 'dead',
      operation: 'conv2d',
      inputs: ['image'],
      attributes: { strides: [1, 1], dilations: [1, 1], padding: [0, 0, 0, 0], groups: 1 },
      constants: { weights: 'zero kernel' },
      outputType: 'exact',
    },
    { name: 'cast', operation: 'requantize', inputs: ['dead'], outputType: type(true, 0, 3) },
    {
      name: 'relu',
      operation: 'relu',
      inputs: ['cast'],
      attributes: { maximum: { raw: '3', binaryPoint: 0 } },
      outputType: 'exact',
    },
    { name: 'sum', operation: 'add', inputs: ['relu', 'image'], outputType: type(true, 5, 1) },
    {
      name: 'scaled',
      operation: 'batch-normalization',
      inputs: ['sum'],
      constants: { scale: 'half zero', offset: 'zeros' },
      outputType: 'exact',
    },
    { name: 'most', operation: 'global-max-pooling2d', inputs: ['scaled'], outputType: 'exact' },
    {
      name: 'fc',
      operation: 'dense',
      inputs: ['most'],
      constants: { weights: 'fc', bias: 'zeros' },
      outputType: 'exact',
    },
    {
      name: 'dense of zeros',
      operation: 'dense',
      inputs: ['fc'],
      constants: { weights: 'none', bias: 'one' },
      outputType: 'exact',
    },
    { name: 'leaky', ...unary('leaky-relu'), attributes: { alpha: { raw: '3', binaryPoint: 1 } } },
    { name: 'shifted', ...unary('leaky-relu'), attributes: { alpha: { raw: '1', binaryPoint: 2 } } },
    { name: 'sloped', ...unary('prelu'), constants: { alpha: 'half zero' } },
    { name: 'flat slopes', operation: 'prelu', inputs: ['image'], constants: { alpha: 'zeros' }, outputType: 'exact' },
    ...['subtract', 'multiply', 'maximum', 'minimum'].map((operation) => ({
      name: operation,
      operation,
      inputs: ['cast', 'image'],
      outputType: 'exact' as const,
    })),
    { name: 'padded', ...unary('zero-padding2d'), attributes: { padding: [1, 0, 0, 1] } },
    { name: 'enlarged', ...unary('up-sampling2d'), attributes: { size: [1, 2] } },
    { name: 'class', operation: 'argmax', inputs: ['dense of zeros'], outputType: 'exact' },
  ],
  outputs: [
    ...['class', 'cast', 'leaky', 'shifted', 'sloped', 'flat slopes', 'subtract', 'multiply', 'maximum', 'minimum'],
    ...['padded', 'enlarged'],
  ],
  tensors: {
    'zero kernel': tensor([1, 1, 3, 3], new Array<number>(9).fill(0), { wordLength: 0 }),
    'half zero': tensor([3], [0, 5, -7], {
      wordLength: { axis: 0, values: [0, 6, 6] },
      binaryPoint: { axis: 0, values: [60, 2, 4] },
    }),
    zeros: tensor([3], [0, 0, 0], { wordLength: 0, binaryPoint: -5 }),
    fc: tensor([3, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9]),
    none: tensor([3, 1], [0, 0, 0], { wordLength: { axis: 0, values: [0, 0, 0] } }),
    one: tensor([1], [-1]),
  },
});

it('types of zero width compute 0 in C++ as well', async (context) => {
  const folder = join(await temporaryFolder(), 'project');
  await exportHls(graph, { out: folder });
  const printed = await compileAndRun(folder, { compiler: requireOracle(context, findCompiler()) });
  expect(printed).toContain(' 0 mismatches');
});
