import { mkdir, readFile } from 'node:fs/promises';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import { formatTable } from '../../src/cli/table.js';
import { QfxError } from '../../src/qfx/errors.js';
import { resultSchema } from './measure.js';
import { markdownTable, renewPart } from './page.js';
import type { ComparisonResult, Summary } from './measure.js';

/** The columns of the table, for terminals and for the documentation. */
const head = ['subject', 'against', 'ratio', 'reach', '', 'best, median', 'of the other', 'runs'];

function row(result: ComparisonResult): string[] {
  const { subject, against, ratio, direction, reach, reached, unit, measured, reference, versions, runs } = result;
  const other = versions === undefined ? against : `${against} (${versions})`;
  const wanted = `${direction === 'atMost' ? '<=' : '>='} ${reach} x`;
  if (ratio === null) return [subject, other, '', wanted, 'not run', '', '', ''];
  return [
    subject,
    other,
    `${figure(ratio)} x`,
    wanted,
    reached ? 'reached' : 'missed',
    describe(measured, unit),
    describe(reference, unit),
    String(runs),
  ];
}

/** The results as a table for a terminal, with the reasons of what was not run below. */
export function textTable(results: readonly ComparisonResult[]): string {
  return [formatTable(head, results.map(row)), ...reasons(results)].join('\n');
}

/** Why lines have no ratio, each reason once. */
function reasons(results: readonly ComparisonResult[]): string[] {
  const notRun = results.filter((result) => result.notRun !== undefined);
  return [...new Set(notRun.map(({ group, notRun: reason }) => `not run (${group}): ${reason}`))];
}

function describe(summary: Summary | undefined, unit: string): string {
  if (summary === undefined) return '';
  const { best, median } = summary;
  return `${figure(best)}${median === best ? '' : `, ${figure(median)}`} ${unit}`;
}

/** Three digits that count. */
function figure(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en-US') : String(Number(value.toPrecision(3)));
}

/** The machine that this run measures. */
export function describeMachine(): string {
  const [processor] = cpus();
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  const cores = `${availableParallelism()} cores`;
  return `${processor?.model ?? 'unknown processor'}, ${cores}, ${memory} GB; ${process.platform}, Node ${process.versions.node}`;
}

/** Results of an earlier run with those of this one in their place; in the order of `groups`. */
export function mergeResults(
  earlier: readonly ComparisonResult[],
  results: readonly ComparisonResult[],
  groups: readonly string[],
): ComparisonResult[] {
  const renewed = new Set(results.map(({ group }) => group));
  const kept = earlier.filter(({ group }) => !renewed.has(group));
  return groups.flatMap((name) => [...kept, ...results].filter(({ group }) => group === name));
}

/** Results that an earlier run left in a file; none where there is no file. */
export async function readResults(file: string): Promise<ComparisonResult[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '[]';
    throw error;
  });
  const found = z.array(resultSchema).safeParse(JSON.parse(text));
  if (!found.success) throw new QfxError(file, 'not written by this version of the benchmarks; remove it');
  return found.data;
}

export async function writeResults(file: string, results: readonly ComparisonResult[]): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFileAtomic(file, `${JSON.stringify(results, undefined, 2)}\n`);
}

const start = '<!-- written by npm run bench -- --write-docs -->';
const end = '<!-- end -->';

/** A page with its tables, between two comments, renewed. Throws where the comments are missing. */
export function renewPage(page: string, results: readonly ComparisonResult[]): Promise<string> {
  const occasions = new Map<string, ComparisonResult[]>();
  for (const result of results) {
    const occasion = `Measured on ${result.date}: ${result.machine}.`;
    occasions.set(occasion, [...(occasions.get(occasion) ?? []), result]);
  }
  const symbols = (cell: string) => cell.replaceAll('<=', '≤').replaceAll('>=', '≥');
  const table = (lines: readonly ComparisonResult[]) =>
    markdownTable(
      head,
      lines.map((result) => row(result).map(symbols)),
      'left',
    );
  const tables = [...occasions].map(([occasion, lines]) => `${occasion}\n\n${table(lines)}`);
  const list = reasons(results).map((reason) => `- ${reason}\n`);
  return renewPart(page, { start, end, text: [...tables, list.join('')].join('\n\n') });
}
