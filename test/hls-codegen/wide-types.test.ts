import { join } from 'node:path';
import { expect, it } from 'vitest';
import { exportHls } from '../../src/hls-codegen/index.js';
import { averageReciprocals, buildGraph } from '../../src/qfx/index.js';
import { findCompiler, requireOracle } from '../support/oracles.js';
import { compileAndRun, temporaryFolder } from './support/project.js';
import { tensor, type } from './support/small-graphs.js';

const far = 2 ** 31;

/** Words of up to 64 bits, binary points far outside of them, raw integers beyond a double's 53 bits. */
const graph = buildGraph({
  name: 'wide',
  nodes: [
    {
      name: 'image',
      operation: 'input',
      inputs: [],
      attributes: { shape: [2, 2, 2] },
      outputType: type(true, 28, 100),
    },
    {
      name: 'conv',
      operation: 'conv2d',
      inputs: ['image'],
      attributes: { strides: [1, 1], dilations: [1, 1], padding: [1, 0, 0, 1], groups: 1 },
      constants: { weights: 'kernel', bias: 'bias' },
      outputType: 'exact',
    },
    { name: 'most', operation: 'max-pooling2d', inputs: ['conv'], attributes: pool(), outputType: type(true, 64, 66) },
    { name: 'cast', operation: 'requantize', inputs: ['most'], outputType: type(true, 40, 47) },
    {
      name: 'mean',
      operation: 'average-pooling2d',
      inputs: ['cast'],
      attributes: { ...pool(), counts: [2] },
      constants: { reciprocals: 'reciprocals' },
      outputType: 'exact',
    },
    { name: 'relu', operation: 'relu', inputs: ['most'], outputType: { ...type(false, 64, 67), overflow: 'AP_WRAP' } },
    { name: 'flat', operation: 'flatten', inputs: ['relu'], outputType: 'exact' },
    { name: 'class', operation: 'argmax', inputs: ['flat'], outputType: 'exact' },
  ],
  outputs: ['class', 'mean', 'relu'],
  tensors: {
    kernel: tensor([1, 1, 2, 2], [far, -far, 1, -far + 1], { wordLength: 33, binaryPoint: -30 }),
    bias: tensor([2], [far - 1, -far], { wordLength: 32, binaryPoint: 40 }),
    reciprocals: averageReciprocals([2], 12),
  },
});

function pool() {
  return { poolSize: [2, 1], strides: [1, 1], padding: [0, 0, 0, 0] };
}

it('computes in C++ what the executor computes, on words of up to 64 bits', async (context) => {
  const folder = join(await temporaryFolder(), 'project');
  await exportHls(graph, { out: folder, vectors: 40 });
  const printed = await compileAndRun(folder, { compiler: requireOracle(context, findCompiler()) });
  expect(printed).toContain(' 0 mismatches');
});
