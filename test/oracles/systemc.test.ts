import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { productFormat, sumFormat } from '../../src/qfx/number/arithmetic.js';
import type { FixedPointFormat } from '../../src/qfx/number/type.js';
import {
  findCompiler,
  findSystemC,
  foreignHeaderFlags,
  requireOracle,
  runProgram,
  systemCFlags,
} from '../support/oracles.js';
import { largeCasts, operations, smallCasts, wideCasts } from './cases.js';
import { castInput, compareCasts, compareOperations } from './compare.js';

const source = fileURLToPath(new URL('systemc-oracle.cpp', import.meta.url));
const casts = [...smallCasts, ...largeCasts, ...wideCasts];

const formatText = ({ signed, wordLength, binaryPoint }: FixedPointFormat) =>
  `${signed ? 1 : 0} ${wordLength} ${wordLength - binaryPoint}`;

const castJobs = casts.flatMap(({ from, targets }) => [
  `block ${formatText(from)}`,
  ...targets.map((to) => `cast ${formatText(to)} ${to.rounding} ${to.overflow}`),
]);

const operationJobs = operations.map(({ a, b }) => {
  const points = `${sumFormat(a, b).binaryPoint} ${productFormat(a, b).binaryPoint}`;
  return `operate ${formatText(a)} ${formatText(b)} ${points}`;
});

describe("SystemC's sc_fixed", () => {
  it('computes the same raw integers', async (context) => {
    const compiler = requireOracle(context, findCompiler());
    const systemC = requireOracle(context, findSystemC());
    const folder = await mkdtemp(join(tmpdir(), 'qfx-systemc-'));
    try {
      const at = (name: string) => join(folder, name);
      const flags = [
        '-std=c++17',
        '-O1',
        '-Wall',
        '-Wextra',
        '-Werror',
        ...foreignHeaderFlags,
        ...systemCFlags(systemC),
      ];
      await runProgram(compiler, [...flags, source, '-o', at('oracle'), '-lsystemc']);

      const run = async (jobs: readonly string[], input: BigInt64Array) => {
        await writeFile(at('jobs'), jobs.join('\n'));
        await writeFile(at('input'), input);
        await runProgram(at('oracle'), [at('jobs'), at('input'), at('output')]);
        return new BigInt64Array((await readFile(at('output'))).buffer);
      };
      expect(compareCasts(casts, await run(castJobs, castInput(casts)))).toBeGreaterThan(4_000_000);
      const operated = await run(operationJobs, new BigInt64Array());
      expect(compareOperations(operations, operated, { withFormats: false })).toBeGreaterThan(400_000);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
