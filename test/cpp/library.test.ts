import { describe, expect, it } from 'vitest';
import { runTestProgram } from './support.js';
import type { Build } from './support.js';

const native: readonly Build[] = ['bundled headers', "AMD's headers"];
const everywhere: readonly Build[] = [...native, 'bundled headers, npm compiler'];

/** Every function of the library against plain loops over 128-bit integers (test/cpp/programs). */
const programs = [
  { program: 'convolution.cc', values: 35892, builds: everywhere },
  { program: 'conv2d_transpose.cc', values: 2284, builds: everywhere },
  { program: 'k_hot.cc', values: 552750, builds: everywhere },
  { program: 'dense.cc', values: 1092, builds: native },
  { program: 'pooling.cc', values: 1764, builds: native },
  { program: 'pixels.cc', values: 1292, builds: native },
  { program: 'elementwise.cc', values: 2236, builds: native },
  { program: 'functions.cc', values: 1346, builds: native },
];

describe.each(programs)('the library: $program', ({ program, values, builds }) => {
  it.for(builds)('computes exactly the expected integers with %s', { timeout: 300_000 }, async (build, context) => {
    const output = await runTestProgram(context, build, program);
    expect(output).toBe(`${values} values, 0 mismatches`);
  });

  it('does nothing that C++ leaves undefined', { timeout: 300_000 }, async (context) => {
    const flags = ['-fsanitize=undefined', '-fno-sanitize-recover=all'];
    const output = await runTestProgram(context, 'bundled headers', program, flags);
    expect(output).toBe(`${values} values, 0 mismatches`);
  });
});
