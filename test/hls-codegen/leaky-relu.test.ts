import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { exportHls } from '../../src/hls-codegen/index.js';
import { buildGraph } from '../../src/qfx/index.js';
import { findCompiler, requireOracle } from '../support/oracles.js';
import { compileAndRun, temporaryFolder } from './support/project.js';
import { type } from './support/small-graphs.js';

/** Slopes 1/8, 4, 2^-20 and 1, which are shifts, and 5/8. */
const slopes = [
  { raw: '4', binaryPoint: 5 },
  { raw: '8', binaryPoint: 1 },
  { raw: '1', binaryPoint: 20 },
  { raw: '16', binaryPoint: 4 },
  { raw: '5', binaryPoint: 3 },
];

const graph = buildGraph({
  name: 'slopes',
  nodes: [
    { name: 'image', operation: 'input', inputs: [], attributes: { shape: [3, 4] }, outputType: type(true, 6, 2) },
    ...slopes.map((alpha, index) => ({
      name: `leaky${index}`,
      operation: 'leaky-relu',
      inputs: ['image'],
      attributes: { alpha },
      outputType: 'exact' as const,
    })),
  ],
  outputs: slopes.map((_, index) => `leaky${index}`),
});

it('slopes that are powers of two become shifts, and compute the same integers in C++', async (context) => {
  const folder = join(await temporaryFolder(), 'project');
  await exportHls(graph, { out: folder });
  const sources = await Promise.all(
    slopes.map((_, index) => readFile(join(folder, 'src', 'layers', `l${index + 1}_leaky${index}.cpp`), 'utf8')),
  );
  const shifts = sources.map((source) => /qfx::shifting_leaky_relu</.test(source));
  expect(shifts).toEqual([true, true, true, true, false]);
  const printed = await compileAndRun(folder, { compiler: requireOracle(context, findCompiler()) });
  expect(printed).toContain(' 0 mismatches');
});
