/**
 * Loads mutated graph files in a process of its own, so that memory can be limited and measured.
 * `node --max-old-space-size=128 --import tsx mutation-run.ts <count of each kind>` prints one JSON document.
 */
import { isDeepStrictEqual } from 'node:util';
import { loadGraph, QfxError, saveGraph } from '../../src/qfx/index.js';
import { everyOperation } from './every-operation.js';
import { damage, lie, renumber, rewrite, seededRandom } from './mutations.js';
import { takeApart } from './sealed.js';

const count = Number(process.argv[2]);
const original = everyOperation();
const bytes = saveGraph(original);
const random = seededRandom(11);
const baseline = process.memoryUsage().arrayBuffers;

const report = {
  files: 0,
  refused: 0,
  equal: 0,
  /** Rewritten graphs that are valid ones, and say what was written. */
  valid: 0,
  slowestMs: 0,
  largestBuffers: 0,
  problems: [] as string[],
};

function load(file: Uint8Array, isFaithful: (graph: typeof original) => boolean): void {
  report.files++;
  const start = performance.now();
  try {
    const { graph } = loadGraph(file);
    if (isDeepStrictEqual(graph, original)) report.equal++;
    else if (isFaithful(graph)) report.valid++;
    else report.problems.push(`file ${report.files} loads as another graph`);
  } catch (error) {
    if (error instanceof QfxError) report.refused++;
    else report.problems.push(`file ${report.files}: ${error instanceof Error ? error.stack : String(error)}`);
  }
  report.slowestMs = Math.max(report.slowestMs, performance.now() - start);
  report.largestBuffers = Math.max(report.largestBuffers, process.memoryUsage().arrayBuffers - baseline);
}

for (let index = 0; index < count; index++) {
  load(damage(bytes, random), () => false);
  load(lie(bytes, random), () => false);
  for (const rewritten of [rewrite(bytes, random), renumber(bytes, random)]) {
    load(rewritten.bytes, (graph) => {
      const again = takeApart(saveGraph(graph));
      return isDeepStrictEqual(JSON.parse(again.metadata.graph), rewritten.graph);
    });
  }
}

console.log(JSON.stringify(report));
