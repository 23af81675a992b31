import { access, copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { QfxError } from 'qfx';
import { initializeBackend } from 'qfx/autograd';
import { loadCifar10 } from 'qfx/data';
import type { DataSet } from 'qfx/data';
import writeFileAtomic from 'write-file-atomic';
import { hideBin } from 'yargs/helpers';
import { listenForInterruption, reportFailure, UsageError } from '../../src/cli/command.js';
import type { CommandContext } from '../../src/cli/command.js';
import { createParser } from '../../src/cli/parser.js';
import { createProgress } from '../../src/cli/progress.js';
import { formatTable } from '../../src/cli/table.js';
import { quantizeRow, trainRow } from './fixed-point.js';
import { floatModelFile, loadFloat, trainControl, trainFloat } from './float.js';
import type { FloatStart } from './float.js';
import { fineTuning, floatTraining, rows } from './rows.js';
import type { Row } from './rows.js';
import { head, renewPage, tableRows } from './table.js';
import type { Results, RowResult } from './table.js';

/**
 * `npm run results`: ResNet-8 on CIFAR-10 in fixed point, a table of small training budgets. Goes on after an interruption
 * with what its folder holds; accuracies are those of the integer executor on all test images.
 */

const page = fileURLToPath(new URL('../README.md', import.meta.url));
const graphs = fileURLToPath(new URL('../graphs', import.meta.url));
const names = rows.map(({ name }) => name);
const controlSettings = asJson({ float: floatTraining, control: fineTuning });

const interruption = new AbortController();
listenForInterruption(interruption);
const { signal } = interruption;
const json = process.argv.includes('--json');
const context: CommandContext = {
  json,
  signal,
  note: (text) => process.stderr.write(`${text}\n`),
  progress: createProgress,
};

try {
  await main();
} catch (error) {
  reportFailure(error, json, { help: 'npm run results -- --help', signal });
}

async function main(): Promise<void> {
  const options = await createParser(hideBin(process.argv))
    .scriptName('npm run results --')
    .usage('$0 [rows..]\n\nTrains ResNet-8 on CIFAR-10 in fixed point, and makes the table of results/README.md.')
    .epilogue(`Rows: ${names.join(', ')}. Without any, all of them. Interrupted, the same line goes on.`)
    .option('data', {
      type: 'string',
      requiresArg: true,
      describe: 'Folder of the binary batches (else QFX_DATA, cache)',
    })
    .option('out', {
      type: 'string',
      default: 'out/resnet8',
      requiresArg: true,
      describe: 'Folder for all that is made',
    })
    .option('json', { type: 'boolean', default: false, describe: 'Print one JSON document on standard output' })
    .option('write-docs', {
      type: 'boolean',
      default: false,
      describe: 'Also write the table of results/README.md and the graphs beside it',
    })
    .version(false)
    .strictOptions()
    .parseAsync();
  const wanted = options._.map(String);
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new UsageError(`no row "${unknown}"; known are ${names.join(', ')}`);
  await initializeBackend('auto');
  const data = await loadCifar10({ folder: options.data, signal });
  const results = await makeResults(options.out, data, wanted.length > 0 ? wanted : names);
  if (options.writeDocs) await writeDocs(options.out, results);
  process.stdout.write(
    options.json ? `${JSON.stringify(results, undefined, 2)}\n` : `${formatTable(head, tableRows(results))}\n`,
  );
}

async function makeResults(out: string, data: DataSet, wanted: readonly string[]): Promise<Results> {
  const file = join(out, 'results.json');
  let results = await readResults(file);
  const keep = async (news: Partial<Results>) => {
    results = { ...results, ...news };
    await mkdir(out, { recursive: true });
    await writeFileAtomic(file, `${JSON.stringify(results, undefined, 2)}\n`);
  };
  const keepRow = (row: Row, news: Omit<RowResult, 'settings'>) =>
    keep({ rows: { ...results.rows, [row.name]: { ...results.rows[row.name], settings: settingsOf(row), ...news } } });

  const float = await startFloat(out, data);
  await keep({ float: float.accuracy });
  checkSettings(file, 'float control', controlSettings, results.control);
  if (results.control === undefined) {
    const accuracy = await trainControl(out, float, data, context);
    await keep({ control: { settings: controlSettings, accuracy } });
  }
  for (const row of rows.filter(({ name }) => wanted.includes(name))) {
    checkSettings(file, `row "${row.name}"`, settingsOf(row), results.rows[row.name]);
    if (row.from === 'float network' && results.rows[row.name]?.untrained === undefined)
      await keepRow(row, { untrained: await quantizeRow(out, row, float, data, context) });
    if (results.rows[row.name]?.trained === undefined)
      await keepRow(row, { trained: await trainRow(out, row, data, context) });
  }
  return results;
}

/** Everything that decides a row's bits, as JSON holds it. */
function settingsOf(row: Row): unknown {
  return asJson(row.from === 'scratch' ? { row } : { float: floatTraining, row });
}

function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function checkSettings(file: string, what: string, settings: unknown, found: { settings: unknown } | undefined): void {
  if (found === undefined || isDeepStrictEqual(found.settings, settings)) return;
  throw new QfxError(file, `${what} was made with other settings; remove the folder, or give another --out`);
}

/** Puts table and graphs where they are committed, of the rows that are measured. */
async function writeDocs(out: string, results: Results): Promise<void> {
  for (const { name } of rows.filter((row) => results.rows[row.name]?.trained !== undefined)) {
    const graph = `resnet8-${name}`;
    await copyFile(join(out, graph, 'model.safetensors'), join(graphs, `${graph}.safetensors`));
  }
  await writeFileAtomic(page, await renewPage(await readFile(page, 'utf8'), results));
}

async function startFloat(out: string, data: DataSet): Promise<FloatStart> {
  const exists = await access(floatModelFile(out)).then(
    () => true,
    () => false,
  );
  return exists ? loadFloat(out, data, context) : trainFloat(out, data, context);
}

async function readResults(file: string): Promise<Results> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{"rows":{}}';
    throw error;
  });
  return JSON.parse(text) as Results;
}
