import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { describeFormat, describeType } from '../../src/qfx/number/type.js';
import type { FixedPointFormat } from '../../src/qfx/number/type.js';
import { findApTypes, findCompiler, requireOracle, runProgram } from '../support/oracles.js';
import { largeCasts, operations, smallCasts, wideCasts } from './cases.js';
import type { CastBlock, OperationBlock } from './cases.js';
import { castInput, compareCasts, compareOperations } from './compare.js';

const header = fileURLToPath(new URL('ap-types-oracle.h', import.meta.url));

/** Calls of the oracle for casts. One function a block keeps the compiler's work linear. */
const castCalls = (blocks: readonly CastBlock[]) =>
  blocks.map(({ from, targets }) => [
    'o.load();',
    ...targets.map((to) => `o.cast<${describeFormat(reachingTo(from, to))}, ${describeType(to)}>();`),
  ]);

/**
 * The headers stop with a failed assertion where a cast that rounds drops more bits than its source has. Then the source
 * is held in a wider word, which changes no value.
 */
function reachingTo(from: FixedPointFormat, to: FixedPointFormat): FixedPointFormat {
  return { ...from, wordLength: Math.max(from.wordLength, from.binaryPoint - to.binaryPoint) };
}

/** The operands carry modes, which must not appear in the result. */
const operationCalls = (blocks: readonly OperationBlock[]) =>
  blocks.map(({ a, b }) => {
    const withModes = (format: FixedPointFormat) =>
      describeType({ ...format, rounding: 'AP_RND_CONV', overflow: 'AP_SAT' });
    return [`o.operate<${withModes(a)}, ${withModes(b)}>();`];
  });

function programText(functions: readonly (readonly string[])[]): string {
  const bodies = functions.map((calls, index) => `void block${index}(oracle& o) {\n${calls.join('\n')}\n}`);
  const main = functions.map((_, index) => `block${index}(o);`).join(' ');
  return [
    `#include ${JSON.stringify(header)}`,
    ...bodies,
    `int main(int, char** argv) { oracle o(argv[1]); ${main} return o.write(argv[2]) ? 0 : 1; }`,
  ].join('\n');
}

describe("AMD's ap_types", () => {
  it('compute the same raw integers', async (context) => {
    const compiler = requireOracle(context, findCompiler());
    const headers = requireOracle(context, findApTypes());
    const folder = await mkdtemp(join(tmpdir(), 'qfx-ap-types-'));
    try {
      const run = async (name: string, calls: readonly (readonly string[])[], input: BigInt64Array) => {
        const at = (ending: string) => join(folder, `${name}.${ending}`);
        await writeFile(at('cpp'), programText(calls));
        await writeFile(at('input'), input);
        // Not optimised: the time goes into instantiating templates, not into running them.
        await runProgram(compiler, ['-std=c++14', '-O0', '-isystem', headers, at('cpp'), '-o', at('exe')]);
        await runProgram(at('exe'), [at('input'), at('output')]);
        return new BigInt64Array((await readFile(at('output'))).buffer);
      };
      const runCasts = async (name: string, blocks: readonly CastBlock[]) =>
        compareCasts(blocks, await run(name, castCalls(blocks), castInput(blocks)));
      const [small, large, wide, operated] = await Promise.all([
        runCasts('small', smallCasts),
        runCasts('large', largeCasts),
        runCasts('wide', wideCasts),
        run('operations', operationCalls(operations), new BigInt64Array()),
      ]);
      expect(small + large + wide).toBeGreaterThan(4_000_000);
      expect(compareOperations(operations, operated, { withFormats: true })).toBeGreaterThan(400_000);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
