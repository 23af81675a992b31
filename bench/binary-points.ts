import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLayers, firstImages, initializeBackend, quantizersOf, tf, train, withoutQuantizers } from 'qfx/autograd';
import type { TrainingResult } from 'qfx/autograd';
import { loadCifar10, takeImages } from 'qfx/data';
import type { DataSet } from 'qfx/data';
import writeFileAtomic from 'write-file-atomic';
import { hideBin } from 'yargs/helpers';
import { createParser } from '../src/cli/parser.js';
import { createProgress } from '../src/cli/progress.js';
import { formatTable } from '../src/cli/table.js';
import { markdownTable, renewPart } from './harness/page.js';

/**
 * `npm run bench:binary-points`: who chooses binary points how well. A small CNN with 4-bit weights and activations is trained
 * on a part of CIFAR-10, from five starts, with binary points that are chosen in five ways; accuracies are those of the integers
 * on all test images. Goes on after an interruption; single accuracies are in out/binary-points.json. `--write-docs` writes the
 * table of docs/training.md.
 */

const seeds = [1, 2, 3];
const trainingImages = 20_000;

/** Where a run starts: at random weights, or at a float network's with binary points so many bits finer than a search finds them. */
const starts = {
  'from scratch': undefined,
  'float network': 0,
  '1 bit too coarse': -1,
  '2 bits too coarse': -2,
  '2 bits too fine': 2,
} as const;
type Start = keyof typeof starts;

/** Ways to choose, as options of a training run. */
const ways = {
  'as they start': { binaryPoints: 0, by: 'neighbours' },
  'searched at the start': { binaryPoints: 0, by: 'search' },
  'learned, then the better neighbour': { binaryPoints: 0.7, by: 'neighbours' },
  'learned, then searched': { binaryPoints: 0.7, by: 'search' },
  'learned, then by the loss': { binaryPoints: 0.7, by: 'loss' },
} as const;
type Way = keyof typeof ways;

/** Accuracy of one run, a fraction of all test images. */
interface Row {
  readonly start: Start;
  readonly way: Way;
  readonly seed: number;
  readonly accuracy: number;
}

const resultsFile = fileURLToPath(new URL('../out/binary-points.json', import.meta.url));
const page = fileURLToPath(new URL('../docs/training.md', import.meta.url));
const comments = {
  start: '<!-- written by npm run bench:binary-points -- --write-docs -->',
  end: '<!-- end -->',
};

function network({ shape, classes }: DataSet, seed: number): tf.LayersModel {
  const bits = { wordLength: 4 };
  const q = createLayers({ weights: bits, activations: bits, seed });
  const stage = (filters: number) => [
    q.conv2d({ filters, kernelSize: 3, padding: 'same', useBias: false }),
    q.maxPooling2d({ poolSize: 2 }),
    q.batchNormalization({ momentum: 0.9, output: 'exact' }),
    q.relu(),
  ];
  return tf.sequential({
    layers: [
      q.input({ inputShape: [...shape], wordLength: 8, binaryPoint: 8 }),
      ...stage(16),
      ...stage(32),
      ...stage(64),
      q.flatten(),
      q.dense({ units: classes.length }),
    ],
  });
}

const common = { batchSize: 64, learningRate: { schedule: 'cosine', rate: 0.003, warmUpSteps: 20 } } as const;

/** Weights of a network trained for three epochs without quantizers, by name. */
async function floatWeights(data: DataSet, seed: number): Promise<tf.Tensor[]> {
  const model = network(data, seed);
  await withoutQuantizers(() => train({ model, data, ...common, seed, epochs: 3, workers: 1 }));
  return model.getWeights().map((weight) => weight.clone());
}

async function run(data: DataSet, start: Start, way: Way, seed: number, float: tf.Tensor[]): Promise<TrainingResult> {
  const model = network(data, seed);
  const finer = starts[start];
  if (finer !== undefined) model.setWeights(float);
  if (finer) refine(model, data, finer);
  const freezing = ways[way];
  const epochs = start === 'from scratch' ? 3 : 1;
  const rate = start === 'from scratch' ? 0.003 : 0.001;
  const learningRate = { ...common.learningRate, rate };
  return train({ model, data, ...common, learningRate, seed, epochs, freezing, workers: 1 });
}

/** Puts every binary point so many bits higher than the search: each halves range and steps. */
function refine(model: tf.LayersModel, data: DataSet, bits: number): void {
  tf.tidy(() => void model.apply(firstImages(data.train, data.shape, 128), { training: true }));
  for (const { quantizer } of quantizersOf(model)) {
    if (!quantizer.isFrozen) quantizer.positions = quantizer.positions.map((position) => position + bits);
  }
}

async function readRows(): Promise<Row[]> {
  const text = await readFile(resultsFile, 'utf8').catch(() => '[]');
  return JSON.parse(text) as Row[];
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

const percent = (value: number) => (100 * value).toFixed(1);

function tableRows(rows: readonly Row[]): string[][] {
  return Object.keys(ways).map((way) => [
    way,
    ...Object.keys(starts).map((start) => {
      const found = rows.filter((row) => row.way === way && row.start === start).map(({ accuracy }) => accuracy);
      const middle = mean(found);
      const spread = Math.max(...found.map((accuracy) => Math.abs(accuracy - middle)));
      return `${percent(middle)} ± ${percent(spread)}`;
    }),
  ]);
}

async function main(): Promise<void> {
  const options = await createParser(hideBin(process.argv))
    .scriptName('npm run bench:binary-points --')
    .usage('$0\n\nCompares ways to choose binary points on CIFAR-10. Interrupted, the same line goes on.')
    .option('data', {
      type: 'string',
      requiresArg: true,
      describe: 'Folder of the binary batches (else QFX_DATA, cache)',
    })
    .option('write-docs', { type: 'boolean', default: false, describe: 'Also write the table of docs/training.md' })
    .version(false)
    .strict()
    .parseAsync();
  await initializeBackend('wasm');
  const whole = await loadCifar10({ folder: options.data });
  const data = { ...whole, train: takeImages(whole.train, 0, trainingImages) };
  const rows = await readRows();
  const missing = seeds.flatMap((seed) =>
    (Object.keys(starts) as Start[]).flatMap((start) =>
      (Object.keys(ways) as Way[]).flatMap((way) =>
        rows.some((row) => row.seed === seed && row.start === start && row.way === way) ? [] : [{ seed, start, way }],
      ),
    ),
  );
  await mkdir(dirname(resultsFile), { recursive: true });
  const progress = createProgress('binary points', missing.length);
  const floats = new Map<number, tf.Tensor[]>();
  for (const [index, { seed, start, way }] of missing.entries()) {
    progress.update(index, `${start}, ${way}, seed ${seed}`);
    if (!floats.has(seed)) floats.set(seed, await floatWeights(data, seed));
    const { test } = await run(data, start, way, seed, floats.get(seed) as tf.Tensor[]);
    rows.push({ seed, start, way, accuracy: test.accuracy });
    await writeFileAtomic(resultsFile, `${JSON.stringify(rows, undefined, 2)}\n`);
  }
  progress.stop();
  const head = ['binary points', ...Object.keys(starts)];
  if (options.writeDocs) {
    const text = markdownTable(head, tableRows(rows), 'right');
    await writeFileAtomic(page, await renewPart(await readFile(page, 'utf8'), { ...comments, text }));
  }
  process.stdout.write(`${formatTable(head, tableRows(rows))}\n`);
}

await main();
