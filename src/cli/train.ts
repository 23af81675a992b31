import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { checkRunFolder, findRun, frontFolders } from '../autograd/train/run-folder.js';
import type { RunChoice } from '../autograd/train/run-folder.js';
import type {
  FrontGraph,
  ResolvedRun,
  RunOptions,
  RunResult,
  TrainingProgress,
  TrainingResult,
  TrainingWarning,
} from '../autograd/index.js';
import { pasteable, UsageError, wholeNumberOption } from './command.js';
import type { Command, CommandContext } from './command.js';
import type { Progress } from './progress.js';
import { count, percent } from './format.js';
import { scatterPlot } from './plot.js';
import { describePruned, prunedChannels } from './pruned-channels.js';
import { formatTable } from './table.js';
import { visible } from './visible.js';

/** Those worth training on; the library's cpu backend is for tests. */
const backends = ['auto', 'wasm', 'node'] as const;

interface Options {
  run: string;
  out: string;
  data?: string;
  epochs?: number;
  backend: (typeof backends)[number];
  workers?: number;
  resume: boolean;
  overwrite: boolean;
}

/** `qfx train`: a run description becomes a trained and frozen network. */
export const train: Command<Options> = {
  command: 'train <run>',
  describe: 'Train the network of a run description and freeze it',
  examples: [
    ['$0 train network.ts', 'Writes out/<name>/model.safetensors'],
    ['$0 train network.ts --data cifar10/ --epochs 20', 'Data from a folder, another number of epochs'],
    ['$0 train network.ts --backend node', 'On TensorFlow itself, after qfx setup tfjs-node'],
    ['$0 train network.ts --workers 1', 'On one core, to the same bits'],
    ['$0 train network.ts --resume', 'Continues after an interruption, to the same bits'],
  ],
  options: (yargs) =>
    yargs
      .positional('run', { type: 'string', demandOption: true, describe: 'A run description (.ts, .js)' })
      .option('out', {
        type: 'string',
        default: 'out',
        requiresArg: true,
        describe: 'The run writes into <out>/<name>/',
      })
      .option('data', {
        type: 'string',
        requiresArg: true,
        describe: "The data set's folder (else QFX_DATA, then the cache)",
      })
      .option('epochs', wholeNumberOption('epochs', 'Epochs, in place of what the description says'))
      .option('backend', {
        choices: backends,
        default: 'wasm' as const,
        describe:
          'What computes: wasm everywhere, to the same bits; node after qfx setup tfjs-node; auto: node where it is set up',
      })
      .option(
        'workers',
        wholeNumberOption(
          'workers',
          'Threads that compute, at most one a shard (else as many as cores and shards allow)',
        ),
      )
      .option('resume', { type: 'boolean', default: false, describe: 'Continue from the last checkpoint' })
      .option('overwrite', { type: 'boolean', default: false, describe: 'Replace the run that is there' }),
  async run({ run: file, out, data, epochs, backend, workers, resume, overwrite }, context) {
    const { loadRunDescription } = await import('../autograd/index.js'); // a second; help must not wait for it
    const described = await loadRunDescription(file);
    const run = epochs === undefined ? described : { ...described, training: { ...described.training, epochs } };
    const { shards } = run.training;
    if (workers !== undefined && workers > shards)
      throw new UsageError(`--workers ${workers}: at most one a shard, and shards is ${shards}`);
    const wasFinished = await checkFolder(join(out, run.name), { resume, overwrite });
    const options = { out, backend, data, file, workers, resume, overwrite };
    const result = await trainWithProgress(run, options, context, '--resume continues from there');
    const { folder, file: graph, training, accuracy, bitOperations, front, binaryPointsMoved } = result;
    const { steps, epochs: epochsDone, stoppedEarly, validation, test, seconds } = training;
    const plot = front && (await plotFront(run.name, folder, front));
    if (wasFinished)
      context.note(
        `${folder}: was finished already, nothing was trained. --overwrite in place of --resume trains it anew; ` +
          'for more epochs start a run with another --out',
      );
    return {
      document: {
        folder,
        graph,
        steps,
        epochs: epochsDone,
        stoppedEarly,
        accuracy,
        images: test.images,
        ...(validation && { validation }),
        bitOperations,
        prunedChannels: prunedChannels(result.graph),
        ...(front && { front, plot }),
        binaryPointsMoved,
        backend: training.backend,
        workers: training.workers,
        seconds,
      },
      text: describe(result),
    };
  },
};

/** Whether the folder's run is finished. Throws UsageError where there is nothing to resume, or something to lose. */
async function checkFolder(folder: string, choice: RunChoice): Promise<boolean> {
  await checkRunFolder(folder, choice).catch((error: Error) => {
    throw new UsageError(error.message);
  });
  const found = await findRun(folder);
  if (choice.resume && found === 'nothing')
    throw new UsageError(`${folder}: holds no checkpoint to go on from; without --resume a run starts there`);
  return choice.resume === true && found === 'both';
}

/**
 * Runs a description with bars for the download, if there is one, and for the training.
 * @param goOn what to do with the state that an interruption leaves
 */
export async function trainWithProgress(
  run: ResolvedRun,
  options: Pick<RunOptions, 'backend' | 'data' | 'file' | 'workers' | 'resume' | 'overwrite'> & {
    readonly out: string;
  },
  context: CommandContext,
  goOn?: string,
): Promise<RunResult> {
  const { runDescription } = await import('../autograd/index.js');
  let bar: Progress | undefined;
  let download: Progress | undefined;
  try {
    return await runDescription(run, {
      ...options,
      signal: context.signal,
      onDownload({ received, total = received }) {
        download ??= context.progress('download, MB', Math.ceil(total / 1e6));
        download.update(Math.floor(received / 1e6));
      },
      onWarning: (warning) => context.note(describeWarning(warning)),
      onProgress(progress) {
        download?.stop();
        bar ??= context.progress(`train ${run.name}`, progress.steps);
        bar.update(progress.step, describeProgress(progress, run.training.epochs));
      },
    });
  } catch (error) {
    if (context.signal.aborted && bar && goOn !== undefined)
      context.note(`\n${join(options.out, run.name, 'checkpoints')} holds the state; ${goOn}`);
    throw error;
  } finally {
    download?.stop();
    bar?.stop();
  }
}

/** For example `warning: layer "conv": weights: 31.2 % of its values saturate; ...`. */
function describeWarning({ layer, role, problem, measured }: TrainingWarning): string {
  const found = {
    saturates: `${percent(measured)} of its values saturate; at a smaller binary point the error would be less than half`,
    dead:
      role === 'output'
        ? 'all of its values are the same'
        : 'all of its values became 0; more bits or a larger binary point would keep them',
    oscillates: `a binary point turned back ${count(measured)} times in this epoch, until it is frozen; a lower learning rate may help`,
  };
  return `warning: layer "${visible(layer)}": ${role}: ${found[problem]} (qfx diagnose says more)`;
}

/** A few words behind a bar. */
export function describeProgress({ phase, epoch, loss, accuracy }: TrainingProgress, epochs: number): string {
  const doing = phase === 'training' ? `loss ${loss.toFixed(3)}, ${percent(accuracy)}` : phase;
  return `| epoch ${epoch}/${epochs}, ${doing}`;
}

/** Returns the path of the plot. */
async function plotFront(name: string, folder: string, front: readonly FrontGraph[]): Promise<string> {
  const plot = join(frontFolders(folder).graphs, 'pareto.svg');
  const points = front.map(({ epoch, bitOperations: x, accuracy }) => {
    return { x, y: accuracy.validation, label: `epoch ${epoch}`, onFront: true };
  });
  const text = { title: `${name}: accuracy on validation images, from integers`, x: 'bit operations an image' };
  await writeFileAtomic(plot, scatterPlot(points, { ...text, y: 'accuracy' }));
  return plot;
}

/** The networks that no other one beats, and where their graphs are. */
function describeFront(folder: string, front: readonly FrontGraph[]): string[] {
  const rows = front.map(({ epoch, bitOperations, accuracy }) => {
    return [epoch, bitOperations, percent(accuracy.validation), percent(accuracy.trained)];
  });
  const table = formatTable(['epoch', 'bit operations', 'validation', 'test'], rows);
  return ['', table, `a graph of each, and a plot: ${frontFolders(folder).graphs}`, ''];
}

function describe(result: RunResult): string {
  const { folder, file, graph, training, accuracy, bitOperations, front, binaryPointsMoved } = result;
  const { epochs, stoppedEarly, validation, test, seconds } = training;
  return [
    `${epochs} epochs${stoppedEarly ? ' (stopped early)' : ''}, ${training.steps} steps in ${seconds.toFixed(0)} s (${describeThreads(training)})`,
    ...(validation ? [`validation: ${percent(validation.accuracy)} of ${validation.images} images set aside`] : []),
    `test: ${percent(accuracy.trained)} of ${test.images} images in fixed point, ${percent(accuracy.float)} without quantizers`,
    `binary points that moved: ${binaryPointsMoved}`,
    `bit operations an image: ${count(bitOperations)}`,
    ...describePruned(graph),
    ...(front ? describeFront(folder, front) : []),
    `wrote ${file}`,
    'Next:',
    `  ${pasteable('inspect', file)}`,
    `  ${pasteable('export-hls', file, '--out', 'hls')}`,
  ].join('\n');
}

/** `2 workers on wasm`, `1 worker on node, which has 4 threads`. */
function describeThreads({ workers, backend: { name, threads } }: TrainingResult): string {
  const own = name === 'node' ? `, which has ${count(threads)} ${threads === 1 ? 'thread' : 'threads'}` : '';
  return `${workers} ${workers === 1 ? 'worker' : 'workers'} on ${name}${own}`;
}
