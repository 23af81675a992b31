import { describe, expect, it } from 'vitest';
import { runTestProgram } from './support.js';

/** Each prints one line per pair of types, mode and operator, with a hash of all raw results. */
const programs = [
  { program: 'casts.cc', part: 0, what: 'all combinations of modes', lines: 168, wasm: false },
  { program: 'casts.cc', part: 1, what: 'casts between many types', lines: 126, wasm: false },
  { program: 'casts.cc', part: 2, what: 'casts of wide words', lines: 56, wasm: true },
  { program: 'arithmetic.cc', part: 0, what: 'arithmetic, shifts, conversions, raw integers', lines: 53, wasm: false },
  { program: 'arithmetic.cc', part: 1, what: 'arithmetic of wide words', lines: 28, wasm: true },
];

describe.each(programs)('the bundled headers: $what', ({ program, part, lines, wasm }) => {
  it("compute what AMD's compute", { timeout: 300_000 }, async (context) => {
    const run = async (build: Parameters<typeof runTestProgram>[1]) =>
      (await runTestProgram(context, build, program, [`-DPART=${part}`])).split('\n');
    const theirs = await run("AMD's headers");
    expect(theirs).toHaveLength(lines);
    expect(await run('bundled headers')).toEqual(theirs);
    if (wasm) expect(await run('bundled headers, npm compiler')).toEqual(theirs);
  });
});
