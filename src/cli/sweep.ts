import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { dominates } from '../autograd/train/pareto-front.js';
import { findRun, removeRun } from '../autograd/train/run-folder.js';
import type { ResolvedRun, RunResult } from '../autograd/index.js';
import { QfxError } from '../qfx/errors.js';
import { UsageError, wholeNumberOption } from './command.js';
import type { Command } from './command.js';
import { count, percent } from './format.js';
import { scatterPlot } from './plot.js';
import { formatTable } from './table.js';
import { trainWithProgress } from './train.js';

interface Options {
  run: string;
  'word-lengths'?: number[];
  'bit-operations'?: number[];
  out: string;
  data?: string;
  epochs?: number;
  backend: 'auto' | 'wasm' | 'node';
  overwrite: boolean;
}

/** One network of a sweep. */
export interface SweepPoint {
  /** The word length or the budget that it was trained with. */
  readonly value: number;
  /** Of an image. */
  readonly bitOperations: number;
  readonly accuracy: RunResult['accuracy'];
  readonly graph: string;
  /** Whether no other network is at least as accurate with fewer bit operations. */
  readonly onFront: boolean;
}

/** `qfx sweep`: one run for each word length or budget, a table and a plot of what they reach. */
export const sweep: Command<Options> = {
  command: 'sweep <run>',
  describe: 'Train a run description at several word lengths or budgets; write a table and a plot',
  examples: [
    ['$0 sweep network.ts --word-lengths 8,6,4,3', 'The description reads `wordLength` of its context'],
    ['$0 sweep network.ts --bit-operations 8e6,4e6,2e6', 'Learned word lengths within these budgets'],
  ],
  options: (yargs) =>
    yargs
      .positional('run', { type: 'string', demandOption: true, describe: 'A run description (.ts, .js)' })
      .option('word-lengths', numbersOption('word-lengths', 'Word lengths in bits, apart by commas'))
      .option('bit-operations', numbersOption('bit-operations', 'Budgets of bit operations an image, apart by commas'))
      .option('out', { type: 'string', default: 'out', requiresArg: true, describe: 'Writes into <out>/<name>-sweep/' })
      .option('data', { type: 'string', requiresArg: true, describe: "The data set's folder" })
      .option('epochs', wholeNumberOption('epochs', 'Epochs, in place of what the description says'))
      .option('backend', {
        choices: ['auto', 'wasm', 'node'] as const,
        default: 'wasm' as const,
        describe: 'What computes',
      })
      .option('overwrite', { type: 'boolean', default: false, describe: 'Replace the runs that are there' }),
  async run({ run: file, out, data, epochs, backend, overwrite, ...given }, context) {
    const wordLengths = given['word-lengths'];
    const budgets = given['bit-operations'];
    const values = wordLengths ?? budgets;
    if (values === undefined || (wordLengths !== undefined && budgets !== undefined)) {
      throw new UsageError('name either --word-lengths or --bit-operations');
    }
    const { loadRunDescription } = await import('../autograd/index.js');
    const described = await loadRunDescription(file);
    const training = { ...described.training, ...(epochs && { epochs }) };
    const folder = join(out, `${described.name}-sweep`);
    const [table, plot] = [join(folder, 'sweep.json'), join(folder, 'sweep.svg')];
    const nameOf = (value: number) =>
      `${described.name}-${wordLengths === undefined ? `${value}-operations` : `${value}-bits`}`;
    if (overwrite) {
      // All at once: interrupted, it is a sweep like any other, with nothing of the old one among its runs.
      for (const written of [table, plot]) await rm(written, { force: true });
      for (const value of values) await removeRun(join(folder, nameOf(value)));
    }
    const goOn = `the same sweep${overwrite ? ' without --overwrite' : ''} goes on from there`;
    const found: Omit<SweepPoint, 'onFront'>[] = [];
    for (const value of values) {
      const name = nameOf(value);
      const run: ResolvedRun = {
        ...described,
        name,
        training: wordLengths === undefined ? { ...training, resources: { bitOperations: value } } : training,
        model: wordLengths === undefined ? described.model : withWordLength(described, value),
      };
      const resume = (await findRun(join(folder, name))) !== 'nothing';
      // Without the description's file, whose network does not know the value, workers get the layers themselves.
      const options = { out: folder, backend, data, resume };
      const result = await trainWithProgress(run, options, context, goOn).catch((error: Error) => {
        throw error instanceof QfxError ? new QfxError(`run "${name}"`, error.message, { cause: error }) : error;
      });
      const { bitOperations, accuracy, file: graph } = result;
      found.push({ value, bitOperations, accuracy, graph });
      result.model.dispose();
    }
    const points = withFront(found);
    const document = { run: described.name, by: wordLengths === undefined ? 'bitOperations' : 'wordLength', points };
    await writeFileAtomic(table, `${JSON.stringify(document, undefined, 2)}\n`);
    await writeFileAtomic(plot, draw(described.name, points));
    return { document: { ...document, table, plot }, text: describe(document.by, points, [table, plot]) };
  },
};

/** Builds the network with a word length; throws QfxError when it does not ask for it, since all runs would be the same. */
function withWordLength({ model }: ResolvedRun, value: number): ResolvedRun['model'] {
  return async (made) => {
    let isRead = false;
    const built = await model({
      ...made,
      get wordLength() {
        isRead = true;
        return value;
      },
    });
    if (isRead) return built;
    throw new QfxError('model', 'does not read the wordLength of its context: every run would be the same');
  };
}

function numbersOption(name: string, describe: string) {
  const coerce = (typed: string): number[] => {
    const values = String(typed)
      .split(',')
      .map((word) => {
        const value = Number(word);
        if (Number.isSafeInteger(value) && value >= 1) return value;
        throw new UsageError(`--${name} ${typed}: whole numbers from 1 on are needed, apart by commas`);
      });
    const twice = values.find((value, index) => values.indexOf(value) !== index);
    if (twice === undefined) return values;
    throw new UsageError(`--${name} ${typed}: ${twice} is there twice`);
  };
  return { requiresArg: true, describe: `${describe} [numbers]`, coerce } as const;
}

/** Marks the networks that no other one beats in both, accuracy and bit operations. */
export function withFront(points: readonly Omit<SweepPoint, 'onFront'>[]): SweepPoint[] {
  const valued = points.map(({ bitOperations, accuracy }) => ({ bitOperations, accuracy: accuracy.trained }));
  return points.map((point, index) => ({
    ...point,
    onFront: !valued.some((rival) => dominates(rival, valued[index])),
  }));
}

function draw(name: string, points: readonly SweepPoint[]): string {
  return scatterPlot(
    points.map(({ value, bitOperations, accuracy, onFront }) => ({
      x: bitOperations,
      y: accuracy.trained,
      label: count(value),
      onFront,
    })),
    {
      title: `${name}: accuracy on all test images, from integers`,
      x: 'bit operations an image',
      y: 'accuracy',
    },
  );
}

function describe(by: string, points: readonly SweepPoint[], files: readonly string[]): string {
  const head = [by === 'wordLength' ? 'word length' : 'budget', 'bit operations', 'accuracy', 'without quantizers', ''];
  const rows = points.map(({ value, bitOperations, accuracy, onFront }) => [
    value,
    bitOperations,
    percent(accuracy.trained),
    percent(accuracy.float),
    onFront ? 'on the front' : '',
  ]);
  return [formatTable(head, rows), '', ...files].join('\n');
}
