import { expect, it } from 'vitest';
import { runTree } from '../../bench/harness/process-tree.js';

const megabyte = 2 ** 20;

/** A program that fills memory, holds it for a while, and may run another one meanwhile. */
const holding = (megabytes: number, meanwhile: string) =>
  `const held = Buffer.alloc(${megabytes * megabyte}, 1); ${meanwhile}; Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500); console.log(held[1]);`;

it.runIf(process.platform === 'linux')('counts the memory of a command and of what it starts', async () => {
  const inner = `require('node:child_process').execFileSync(process.execPath, ['-e', ${JSON.stringify(holding(200, ''))}])`;
  const { signal } = new AbortController();
  const { peakBytes, stdout } = await runTree(process.execPath, ['-e', holding(100, inner)], { signal });
  expect(stdout).toBe('1');
  expect(peakBytes).toBeGreaterThan(300 * megabyte);
  expect(peakBytes).toBeLessThan(600 * megabyte);
});
