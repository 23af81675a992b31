import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { MetricsLine } from '../../src/autograd/train/metrics.js';
import { metricsHeader, metricsRow } from '../../src/autograd/train/metrics-table.js';

/** All lines of a run's metrics; the table holds the same. */
export async function readMetrics(folder: string): Promise<MetricsLine[]> {
  const [text, table] = await Promise.all(
    ['jsonl', 'csv'].map((end) => readFile(join(folder, `metrics.${end}`), 'utf8')),
  );
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as MetricsLine);
  expect(table).toBe(metricsHeader + lines.map(metricsRow).join(''));
  return lines;
}
