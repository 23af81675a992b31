import type { QuantizerDiagnosis } from '../autograd/index.js';
import { UsageError, wholeNumberOption } from './command.js';
import type { Command, CommandContext, CommandResult } from './command.js';
import { diagnoseGraph } from './diagnose-graph.js';
import type { DiagnosedLayer } from './diagnose-graph.js';
import { count, percent } from './format.js';
import { openGraph } from './graph-file.js';
import type { Progress } from './progress.js';
import { formatTable } from './table.js';
import { firstTestImages, loadTestImages, testImageOptions } from './test-images.js';
import type { TestImageOptions } from './test-images.js';

interface Options extends TestImageOptions {
  network: string;
  checkpoint?: string;
  images?: number;
}

/** What a screen holds; `--json` has the rest. */
const rowsShown = 30;
const defaultImages = 500;

/** `qfx diagnose`: which casts and which quantizers hurt. */
export const diagnose: Command<Options> = {
  command: 'diagnose <network>',
  describe: 'Show what hurts: saturation, underflow, noise and accuracy lost, layer by layer',
  examples: [
    ['$0 diagnose model.safetensors', 'The casts of a frozen graph'],
    [
      '$0 diagnose network.ts --checkpoint out/mnist/checkpoints/last.safetensors',
      'One quantizer at a time, the others switched off',
    ],
    ['$0 diagnose model.safetensors --images 2000 --json', 'Everything, for scripts'],
  ],
  options: (yargs) =>
    yargs
      .positional('network', {
        type: 'string',
        demandOption: true,
        describe: 'A frozen graph (.safetensors), or with --checkpoint a run description (.ts, .js)',
      })
      .option('checkpoint', {
        type: 'string',
        requiresArg: true,
        describe: 'A checkpoint of the run that the description describes',
      })
      .options(testImageOptions)
      .option('images', wholeNumberOption('images', `Test images, the first ones (default: ${defaultImages})`)),
  run: ({ network, checkpoint, ...options }, context) =>
    checkpoint === undefined
      ? diagnoseFile(network, options, context)
      : diagnoseCheckpoint(network, checkpoint, options, context),
};

type ImageOptions = Omit<Options, 'network' | 'checkpoint'>;

async function diagnoseFile(
  file: string,
  { images = defaultImages, ...options }: ImageOptions,
  context: CommandContext,
): Promise<CommandResult> {
  if (!file.endsWith('.safetensors'))
    throw new UsageError(`${file}: is no .safetensors file; a run description needs --checkpoint beside it`);
  const network = await openGraph(file);
  const all = await loadTestImages(network.graph, options);
  const chosen = firstTestImages(all, images);
  const { layers, ...found } = await diagnoseGraph(network, chosen, context);
  const sorted = [...layers].sort(byHarm);
  const casts = sorted.filter(({ hasCast }) => hasCast);
  return {
    document: { graph: file, dataSet: chosen.name, ...found, layers: sorted },
    text: [
      `accuracy ${percent(found.accuracy)} on the first ${count(chosen.count)} test images of ${chosen.name}, from integers`,
      '',
      formatTable(
        ['cast of', 'lost %', 'SNR dB', 'below %', 'above %', 'to 0 %', 'unused', 'dead'],
        casts.slice(0, rowsShown).map(describeLayer),
      ),
      '',
      ...rest(casts.length),
      ...(casts.some(({ accuracyLost }) => accuracyLost === null) ? ['?: takes types wider than 64 bits'] : []),
      'lost: accuracy gained where only this cast is left out; below, above: values out of',
      'range; to 0: values that became 0; unused: bits of the word; dead: channels of zeros',
    ].join('\n'),
  };
}

/** What costs the most accuracy first, among equals the lowest signal-to-noise ratio; what changes nothing last. */
function byHarm(one: DiagnosedLayer, other: DiagnosedLayer): number {
  const lost = (other.accuracyLost ?? 0) - (one.accuracyLost ?? 0);
  return lost !== 0 ? lost : noiseOf(one) - noiseOf(other);
}

/** Without noise at the end, in any order that stays. */
function noiseOf({ signalToNoise }: DiagnosedLayer): number {
  return signalToNoise ?? Number.MAX_VALUE;
}

function describeLayer(found: DiagnosedLayer): (string | number)[] {
  const { accuracyLost, signalToNoise, values, below, above, underflows, unusedBits, channels, deadChannels } = found;
  const dead = deadChannels.length;
  return [
    shorten(found.layer, 19),
    accuracyLost === null ? '?' : points(accuracyLost),
    signalToNoise === null ? 'exact' : signalToNoise.toFixed(1),
    share(below, values),
    share(above, values),
    share(underflows, values),
    `${unusedBits}${found.neverNegative ? '+sign' : ''}`,
    dead === 0 ? '' : `${dead}/${channels}`,
  ];
}

async function diagnoseCheckpoint(
  file: string,
  checkpoint: string,
  { images = defaultImages, data, dataSet }: ImageOptions,
  context: CommandContext,
): Promise<CommandResult> {
  if (dataSet !== undefined) throw new UsageError('--data-set: a run description says itself what its data are');
  const { diagnoseQuantizers, loadRunDescription } = await import('../autograd/index.js');
  const run = await loadRunDescription(file);
  let progress: Progress | undefined;
  const { quantizers, ...found } = await diagnoseQuantizers(run, {
    ...{ checkpoint, data, images, signal: context.signal },
    onProgress: (done, total) => {
      progress ??= context.progress('accuracy with one quantizer', total);
      progress.update(done);
    },
  });
  progress?.stop();
  return {
    document: { run: file, checkpoint, ...found, quantizers },
    text: [
      `accuracy ${percent(found.accuracy)} on the first ${count(found.images)} test images of ${found.dataSet}; ` +
        `without quantizers ${percent(found.accuracyWithoutQuantizers)}`,
      '',
      formatTable(
        ['quantizer', 'lost %', 'SNR dB', 'saturated %', 'to 0 %', 'zeros %', 'bits'],
        quantizers.slice(0, rowsShown).map(describeQuantizer),
      ),
      '',
      ...rest(quantizers.length),
      'lost: accuracy without quantizers, minus that with only this one switched on',
    ].join('\n'),
  };
}

function describeQuantizer(found: QuantizerDiagnosis): (string | number)[] {
  const { values, saturated, underflows, zeros, signalToNoise, accuracyLost } = found;
  const shortest = found.wordLengths.reduce((one, other) => Math.min(one, other));
  const longest = found.wordLengths.reduce((one, other) => Math.max(one, other));
  return [
    `${shorten(found.layer, 16)}: ${found.role}`,
    points(accuracyLost),
    signalToNoise === null ? 'exact' : signalToNoise.toFixed(1),
    share(saturated, values),
    share(underflows, values),
    share(zeros, values),
    shortest === longest ? `${longest}` : `${shortest}..${longest}`,
  ];
}

function rest(rows: number): string[] {
  return rows > rowsShown ? [`${count(rows - rowsShown)} more; --json has all`] : [];
}

/** In percentage points; negative where accuracy is gained. */
function points(fraction: number): string {
  return fraction === 0 ? '0' : (100 * fraction).toFixed(2);
}

/** In percent, empty for nothing. */
function share(part: number, values: number): string {
  if (part === 0) return '';
  const percentage = (100 * part) / values;
  return percentage < 0.01 ? '<0.01' : percentage.toFixed(2);
}

function shorten(name: string, most: number): string {
  return name.length > most ? `${name.slice(0, most - 1)}…` : name;
}
