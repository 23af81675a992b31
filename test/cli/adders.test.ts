import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AdderGraph } from '../../src/qfx/index.js';
import { expectExact } from '../hardware/adders/support.js';
import { Terminal } from './support.js';

let terminal: Terminal;

beforeAll(async () => {
  terminal = await Terminal.open();
});

afterAll(() => terminal.close());

const matrix = [
  [3, -6, 0, 13],
  [5, -10, 0, -7],
];

describe('qfx adders', () => {
  it('prints a graph that replays to the matrix', async () => {
    const file = await terminal.write('matrix.json', JSON.stringify(matrix));
    const { inputs, adders, depth, operations, outputs, ...rest } = await terminal.document(['adders', file]);
    expect(rest).toEqual({});
    expectExact({ inputs, operations, outputs } as AdderGraph, matrix);
    expect(adders).toBe((operations as unknown[]).length);
    expect(depth).toBeGreaterThanOrEqual(2);
  });

  it('lists operations and outputs for people', async () => {
    const file = await terminal.write('small.json', '[[3, -6, 0], [0, 0, 0]]');
    const { exitCode, stdout } = await terminal.qfx(['adders', file]);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/inputs +outputs +adders +depth *\n +2 +3 +1 +1/);
    expect(stdout.trim().split('\n').slice(-4)).toEqual([
      'a0 = (x0 << 2) - x0',
      'y0 = a0',
      'y1 = -(a0 << 1)',
      'y2 = 0',
    ]);
  });

  it('keeps to a depth, or says why it cannot', async () => {
    const file = await terminal.write('deep.json', JSON.stringify(matrix));
    expect((await terminal.document(['adders', file, '--max-depth', '3'])).depth).toBeLessThanOrEqual(3);
    const { exitCode, stderr } = await terminal.qfx(['adders', file, '--max-depth', '1']);
    expect([exitCode, stderr]).toEqual([
      1,
      'qfx: deep.json: column 0 needs a depth of 2, the fewest for its signed digits; allowed: 1',
    ]);
  });

  it.each([
    ['ragged', '[[1, 2], [3, 4], [5]]', 1, 'ragged.json: row 2 has 1 entries, row 0 has 2: all rows need as many'],
    ['fraction', '[[1.5]]', 1, 'fraction.json: row 0, column 0 is 1.5, needed: an integer within +-(2^53 - 1)'],
    ['object', '{"matrix": [[1]]}', 1, 'object.json: found an object, needed: an array of rows'],
    ['text', 'matrix', 1, 'text.json: is not JSON'],
  ])('refuses what is no matrix: %s', async (name, content, status, message) => {
    const file = await terminal.write(`${name}.json`, content);
    const { exitCode, stdout, stderr } = await terminal.qfx(['adders', file, '--json']);
    expect([exitCode, (JSON.parse(stdout) as { error: string }).error]).toEqual([
      status,
      expect.stringContaining(message),
    ]);
    expect(stderr).toContain(message);
  });

  it('refuses a file that is missing, and a depth that is none', async () => {
    const missing = await terminal.qfx(['adders', 'missing.json']);
    expect([missing.exitCode, missing.stderr]).toEqual([1, expect.stringContaining('missing.json: cannot be read')]);
    const wrong = await terminal.qfx(['adders', 'missing.json', '--max-depth', '0']);
    expect([wrong.exitCode, wrong.stderr]).toEqual([2, expect.stringContaining('--max-depth 0: a whole number')]);
  });
});
