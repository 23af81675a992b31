import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

interface Report {
  files: number;
  refused: number;
  equal: number;
  valid: number;
  slowestMs: number;
  largestBuffers: number;
  problems: string[];
}

const MiB = 2 ** 20;

it('gives an error or an equal graph for 12,000 damaged and lying files, in little memory and time', () => {
  const script = fileURLToPath(new URL('mutation-run.ts', import.meta.url));
  const text = execFileSync(process.execPath, ['--max-old-space-size=128', '--import', 'tsx', script, '3000'], {
    encoding: 'utf8',
    timeout: 110_000,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const report = JSON.parse(text) as Report;
  expect(report.problems).toEqual([]);
  expect(report.files).toBe(12_000);
  expect(report.refused + report.equal + report.valid).toBe(report.files);
  expect(report.refused).toBeGreaterThan(11_000);
  // What is allocated follows from the bytes that are there (10 KB), not from the sizes that they claim.
  expect(report.largestBuffers).toBeLessThan(16 * MiB);
  expect(report.slowestMs).toBeLessThan(5000);
});
