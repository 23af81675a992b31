import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import writeFileAtomic from 'write-file-atomic';
import { hideBin } from 'yargs/helpers';
import { exitStatus, listenForInterruption, reportFailure, UsageError, wholeNumberOption } from '../src/cli/command.js';
import { createParser } from '../src/cli/parser.js';
import { QfxError } from '../src/qfx/errors.js';
import { buildPackage } from './harness/build.js';
import { measure } from './harness/measure.js';
import type { ComparisonResult } from './harness/measure.js';
import { describeMachine, mergeResults, readResults, renewPage, textTable, writeResults } from './harness/report.js';
import { subjects } from './subjects/index.js';

/** `npm run bench`: QFX against its peers and against its own baselines, as ratios of sides that take turns. */

const resultsFile = fileURLToPath(new URL('../out/bench.json', import.meta.url));
const docsPage = fileURLToPath(new URL('../docs/benchmarks.md', import.meta.url));
const names = subjects.map(({ name }) => name);

const interruption = new AbortController();
listenForInterruption(interruption);

const json = process.argv.includes('--json');
try {
  await main();
} catch (error) {
  reportFailure(error, json, { help: 'npm run bench -- --help', signal: interruption.signal });
}

async function main(): Promise<void> {
  const options = await createParser(hideBin(process.argv))
    .scriptName('npm run bench --')
    .usage('$0 [subjects..]\n\nMeasures QFX against its peers and its own baselines.')
    .epilogue(`Subjects: ${names.join(', ')}. Without any, all of them. Peers: bench/setup-peers.`)
    .option('runs', { ...wholeNumberOption('runs', 'Rounds of each side, at least 5'), default: 5 })
    .option('json', { type: 'boolean', default: false, describe: 'Print one JSON document on standard output' })
    .option('write-docs', {
      type: 'boolean',
      default: false,
      describe: 'Also write the table of docs/benchmarks.md',
    })
    .version(false)
    .strictOptions()
    .parseAsync();
  const { runs } = options;
  if (runs < 5) throw new UsageError(`--runs ${runs}: the least of fewer than 5 rounds says little`);
  const wanted = options._.map(String);
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new UsageError(`no subject "${unknown}"; known are ${names.join(', ')}`);

  const { signal } = interruption;
  await buildPackage(signal);
  const note = (text: string) => void process.stderr.write(`${text}\n`);
  const surroundings = { date: new Date().toISOString().slice(0, 10), machine: describeMachine() };
  const results: ComparisonResult[] = [];
  let all = await readResults(resultsFile);
  for (const subject of subjects) {
    if (wanted.length > 0 && !wanted.includes(subject.name)) continue;
    results.push(...(await measure(subject, { runs, ...surroundings, signal, note })));
    // After each subject: an interruption later loses none of it.
    all = mergeResults(all, results, names);
    await writeResults(resultsFile, all);
  }

  if (options.writeDocs) {
    const broken = all.find(({ failed }) => failed);
    if (broken) throw new QfxError('docs/benchmarks.md', `not written: ${broken.notRun}`);
    await writeFileAtomic(docsPage, await renewPage(await readFile(docsPage, 'utf8'), all));
  }
  process.stdout.write(options.json ? `${JSON.stringify(results, undefined, 2)}\n` : `${textTable(results)}\n`);
  process.exitCode = results.some(({ failed }) => failed) ? exitStatus.failure : exitStatus.success;
}
