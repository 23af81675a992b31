import { readFile } from 'node:fs/promises';
import type { QuantizationInput, QuantizationProgress, QuantizationReport } from '../autograd/index.js';
import { dataSets, loadData } from '../data/index.js';
import type { DataLoader, DataSet } from '../data/index.js';
import { packageVersion } from '../package-root.js';
import { Network, QfxError } from '../qfx/index.js';
import type { Graph, JsonObject } from '../qfx/index.js';
import { measureAccuracy } from './accuracy.js';
import { UsageError } from './command.js';
import type { Command, CommandContext } from './command.js';
import { count, percent } from './format.js';
import { describePruned, prunedChannels } from './pruned-channels.js';
import { shortType } from './short-type.js';
import type { Progress } from './progress.js';
import { formatTable } from './table.js';
import { dataSetNamed, labelledImages } from './test-images.js';

const names = Object.keys(dataSets);
const backends = ['auto', 'wasm', 'node'] as const;

interface Options {
  model: string;
  data?: string;
  dataSet?: string;
  config?: string;
  out: string;
  backend: (typeof backends)[number];
}

/** `qfx quantize`: a float model of TensorFlow.js becomes a frozen fixed-point network, without training. */
export const quantize: Command<Options> = {
  command: 'quantize <model>',
  describe: 'Turn a float TensorFlow.js model into a fixed-point network, without training',
  examples: [
    ['$0 quantize float/model.json --data mnist', 'At 8 bits; writes out/quantized/'],
    ['$0 quantize float/model.json --data mnist --config w4.json --out out/w4', 'Word lengths from a file'],
    ['$0 quantize float/model.json --data ~/cifar --data-set cifar10', 'Data from a folder'],
    ['$0 quantize float/model.json --data-set pets.ts', "A run description's data"],
  ],
  options: (yargs) =>
    yargs
      .positional('model', {
        type: 'string',
        demandOption: true,
        describe: 'model.json of a TensorFlow.js layers model',
      })
      .option('data', {
        type: 'string',
        requiresArg: true,
        describe: `A data set (${names.join(', ')}), or the folder of the one that --data-set names`,
      })
      .option('data-set', {
        type: 'string',
        requiresArg: true,
        describe: `The data set: ${names.join(', ')}, or a run description`,
      })
      .option('config', { type: 'string', requiresArg: true, describe: 'JSON file with the options of quantizeModel' })
      .option('out', {
        type: 'string',
        default: 'out/quantized',
        requiresArg: true,
        describe: 'Folder for the graph, the network to train on from, and the report',
      })
      .option('backend', {
        choices: backends,
        default: 'wasm' as const,
        describe: 'What computes: wasm everywhere; node after qfx setup tfjs-node; auto: node where it is set up',
      }),
  async run({ model: file, data: source, dataSet, config: configFile, out, backend }, context) {
    const from = await dataSource(source, dataSet);
    const config = configFile === undefined ? {} : await readConfig(configFile);
    // A second; help must not wait for it.
    const { checkQuantizedFolder, evaluate, freeze, initializeBackend, loadModelFile, samplesOf } =
      await import('../autograd/index.js');
    const { quantizeModel, writeQuantized } = await import('../autograd/index.js');
    await checkQuantizedFolder(out);
    await initializeBackend(backend);
    const float = await loadModelFile(file);
    const data = await loadData(from.data, { folder: from.folder, signal: context.signal });
    const { model, report } = await quantizeWithProgress(context, (onProgress) =>
      quantizeModel(float, { ...config, data, signal: context.signal, onProgress }),
    );
    const floatResult = await evaluate(float, data.test, data.shape, { signal: context.signal });
    const frozen = freeze(model, { samples: samplesOf(data), name: report.name });
    const accuracy = {
      float: floatResult.accuracy,
      quantized: await measureAccuracy(new Network(frozen), labelledImages(frozen, data), context),
    };
    const images = data.test.labels.length;
    const origin = provenance(file, data, report, { ...accuracy, images });
    const graph = { ...frozen, provenance: { ...origin, ...frozen.provenance } };
    await writeQuantized(out, { model, graph, report });
    return {
      document: {
        folder: out,
        graph: `${out}/model.safetensors`,
        model: `${out}/model`,
        accuracy,
        images,
        prunedChannels: prunedChannels(graph),
        report,
      },
      text: describe(out, graph, accuracy, images, report),
    };
  },
};

/** What calibrates and measures, and the folder that it lies in, where one is given. */
async function dataSource(
  source: string | undefined,
  dataSet: string | undefined,
): Promise<{ readonly data: string | DataLoader; readonly folder?: string }> {
  if (dataSet !== undefined) return { data: await dataSetNamed(dataSet), folder: source };
  const known = `${names.join('|')}|<run description>`;
  if (source === undefined) throw new UsageError(`says nothing about data; add --data-set ${known}`);
  if (names.includes(source)) return { data: source };
  throw new UsageError(
    `--data ${source}: no data set of this name (${names.join(', ')}); for a folder add --data-set ${known}`,
  );
}

async function readConfig(file: string): Promise<QuantizationInput> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as QuantizationInput;
  } catch (cause) {
    throw new QfxError(file, `no configuration that can be read: ${(cause as Error).message}`, { cause });
  }
}

/** Quantizes with a bar for each phase. */
export async function quantizeWithProgress<Result>(
  context: Pick<CommandContext, 'progress'>,
  work: (onProgress: (progress: QuantizationProgress) => void) => Promise<Result>,
): Promise<Result> {
  let bar: { readonly phase: string; readonly progress: Progress } | undefined;
  try {
    return await work(({ phase, done, total }) => {
      if (bar?.phase !== phase) {
        bar?.progress.stop();
        bar = { phase, progress: context.progress(phase, total) };
      }
      bar.progress.update(done);
    });
  } finally {
    bar?.progress.stop();
  }
}

function provenance(
  file: string,
  { name, checksum, source }: DataSet,
  { config, steps }: QuantizationReport,
  accuracy: JsonObject,
): JsonObject {
  const content = {
    qfx: packageVersion(),
    parent: file,
    data: { name, checksum, source },
    quantization: config,
    steps,
    accuracy,
  };
  return JSON.parse(JSON.stringify(content)) as JsonObject;
}

function describe(
  folder: string,
  graph: Graph,
  accuracy: { readonly float: number; readonly quantized: number },
  images: number,
  { conversions, quantizers, steps, outputPower }: QuantizationReport,
): string {
  const rows = quantizers.map(({ layer, role, type, meanSquaredError }) => [
    layer,
    role,
    shortType(type),
    meanSquaredError.toExponential(2),
  ]);
  const ofAccuracy = (value: number | undefined) => (value === undefined ? '' : `, ${percent(value)}`);
  return [
    formatTable(['layer', 'quantizer', 'type', 'squared error'], rows),
    '',
    ...conversions.flatMap(({ layer, className, note }) =>
      note === undefined ? [] : [`${layer} (${className}): ${note}`],
    ),
    ...steps.map(
      ({ name, outputError, accuracy: reached }) =>
        `${name}: output error ${percent(outputError / outputPower)} of its power${ofAccuracy(reached)}`,
    ),
    `test: ${percent(accuracy.quantized)} of ${count(images)} images from integers, ${percent(accuracy.float)} in float`,
    ...describePruned(graph),
    `wrote ${folder}`,
    `Next: qfx inspect ${folder}/model.safetensors; qfx export-hls ${folder}/model.safetensors --out hls; train on from ${folder}/model`,
  ].join('\n');
}
