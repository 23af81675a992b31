import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findApTypes, requireOracle } from '../support/oracles.js';
import { smallNetwork } from './network.js';
import { edit, Workbench } from './project.js';

/** Loading the compiler takes seconds, on a busy machine many. */
const timeout = 600_000;
let bench: Workbench;
beforeAll(async () => void (bench = await Workbench.open(smallNetwork())));
afterAll(() => bench.close());

describe('a C simulation with the compiler from npm', () => {
  it('agrees with the executor in every layer', { timeout }, async () => {
    const result = await bench.simulate(bench.project, { compiler: 'npm', images: 20 });
    expect(result).toMatchObject({ images: 20, mismatches: 0 });
    expect(result.layers.every(({ values }) => values >= 20)).toBe(true);
    expect(result.compiler).toMatch(/^@yowasp\/clang/);
  });

  it('ends at a failure with its message', { timeout }, async () => {
    const project = await bench.copied();
    const top = join(project, 'src/qfx_small_network.cpp');
    await edit(top, /(QFX_TAP\(6, (\w+), \d+\);)/, '$1\n  $2.read();');
    await expect(bench.simulate(project, { compiler: 'npm' })).rejects.toThrow(/read while empty/);
    await edit(top, /(QFX_TAP\(6, (\w+), \d+\);)/, '$1\n  this is not C++;');
    await expect(bench.simulate(project, { compiler: 'npm' })).rejects.toThrow(
      /does not compile with @yowasp\/clang.*src\/qfx_small_network.cpp:\d+.*error/s,
    );
  });

  it("does not take AMD's headers, and says so", async (context) => {
    const headers = requireOracle(context, findApTypes());
    await expect(bench.simulate(bench.project, { compiler: 'npm', headers })).rejects.toThrow('install g++');
  });
});
