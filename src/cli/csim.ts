import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defaultHardwareLoops, parseProjectDescription, projectFileName, simulate } from '../hls-codegen/index.js';
import type { SimulationResult, SimulationStage } from '../hls-codegen/index.js';
import { QfxError } from '../qfx/index.js';
import { UsageError, wholeNumberOption } from './command.js';
import type { Command, CommandContext } from './command.js';
import { count, percent } from './format.js';
import { openGraph } from './graph-file.js';
import type { Progress } from './progress.js';
import { formatTable } from './table.js';
import { classOutput, loadTestImages, predictedClass, testImageOptions } from './test-images.js';
import type { TestImageOptions, TestImages } from './test-images.js';
import { visible } from './visible.js';

interface Options extends TestImageOptions {
  project: string;
  images?: number;
  layersFor?: number;
  hardwareLoops?: string;
  headers?: string;
}

const stageTitles: Readonly<Record<SimulationStage, string>> = {
  compile: 'compiling',
  vectors: 'expected values',
  simulate: 'C simulation',
};

/** `qfx csim`: the C++ of a project against the integer executor, every value of every layer. */
export const csim: Command<Options> = {
  command: 'csim <project>',
  describe: 'Compile and run a project, and compare every layer with the integer executor',
  examples: [
    ['$0 csim hls', 'The stored test vectors'],
    ['$0 csim hls --images 1000', '1,000 seeded images over the whole input type'],
    ['$0 csim hls --data ~/mnist --images 256', 'The first 256 test images of the data set the network was trained on'],
    ['$0 csim hls --images 1000 --hardware-loops all', "The hardware's loops for every image: slower"],
    ['QFX_CXX=npm $0 csim hls', 'With the compiler that npm installed'],
  ],
  options: (yargs) =>
    yargs
      .positional('project', { type: 'string', demandOption: true, describe: 'A folder written by export-hls' })
      .option('images', wholeNumberOption('images', 'How many (default: the stored ones, or all of --data)'))
      .option(
        'layers-for',
        wholeNumberOption('layers-for', 'Compare inner layers on so many images only, outputs on all'),
      )
      .option('hardware-loops', {
        type: 'string',
        requiresArg: true,
        describe: `Images of each process that run the hardware's loops, or all; later ones sum the same products in a faster order (default: ${defaultHardwareLoops}; with --headers always all)`,
      })
      .options(testImageOptions)
      .option('headers', {
        type: 'string',
        requiresArg: true,
        describe: "A folder with AMD's ap_fixed.h to compile with",
      }),
  async run({ project, images, layersFor, hardwareLoops, data, dataSet, headers }, context) {
    const labelled =
      data === undefined && dataSet === undefined ? undefined : await openTestImages(project, { data, dataSet });
    if (labelled && images !== undefined && images > labelled.count) {
      throw new UsageError(`--images ${images}: "${labelled.name}" has ${labelled.count} test images`);
    }
    const result = await simulate(project, {
      ...(labelled && { inputs: { ...labelled, count: images ?? labelled.count } }),
      images,
      layersFor,
      hardwareLoops: hardwareLoops === undefined ? undefined : parseHardwareLoops(hardwareLoops, headers),
      headers,
      onProgress: showStages(context),
      signal: context.signal,
    });
    const accuracy = labelled && accuracyOf(result, 'simulated', labelled);
    return {
      document: { ...withoutOutputs(result), ...(accuracy !== undefined && { accuracy }) },
      text: describe(result, accuracy),
      failed: result.mismatches > 0,
    };
  },
};

function parseHardwareLoops(text: string, headers: string | undefined): number | 'all' {
  if (text === 'all') return 'all';
  const images = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(images)) {
    throw new UsageError(`--hardware-loops ${text}: a whole number or all is needed`);
  }
  if (headers === undefined) return images;
  throw new UsageError(`--hardware-loops ${text}: with --headers all images run the hardware's loops`);
}

/** Shows one progress bar a stage. Stages that run at the same time have theirs one after the other. */
export function showStages(context: CommandContext): (stage: SimulationStage, done: number, total: number) => void {
  const bars = new Map<SimulationStage, Progress>();
  let shown: SimulationStage | undefined;
  return (stage, done, total) => {
    if (shown === undefined) shown = stage;
    if (shown !== stage) return;
    const bar = bars.get(stage) ?? context.progress(stageTitles[stage], total);
    bars.set(stage, bar);
    bar.update(done);
    if (done < total) return;
    bar.stop();
    shown = undefined;
  };
}

/** Fraction of images whose largest output is at their label: of the C simulation, or of the integer executor. */
export function accuracyOf(
  { outputs, images }: SimulationResult,
  whose: 'simulated' | 'expected',
  labels: TestImages,
): number {
  const [output] = outputs;
  const { valuesPerImage } = output;
  let correct = 0;
  for (let image = 0; image < images; image++) {
    const raw = output[whose].subarray(image * valuesPerImage, (image + 1) * valuesPerImage);
    if (predictedClass({ raw, shape: [valuesPerImage] }) === labels.label(image)) correct++;
  }
  return correct / images;
}

async function openTestImages(project: string, options: TestImageOptions): Promise<TestImages> {
  const file = join(project, projectFileName);
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new QfxError(project, `is not a project written by export-hls (${cause.message})`, { cause });
  });
  const graphFile = join(project, ...parseProjectDescription(text, file).files.graph.split('/'));
  const { graph } = await openGraph(graphFile);
  classOutput(graph); // accuracy needs one output
  return loadTestImages(graph, options);
}

function withoutOutputs({
  images,
  imagesByHardwareLoops,
  valuesCompared,
  mismatches,
  layers,
  firstMismatch,
  compiler,
  seconds,
}: SimulationResult) {
  const mismatch = firstMismatch && {
    ...firstMismatch,
    expected: String(firstMismatch.expected),
    actual: String(firstMismatch.actual),
  };
  return {
    images,
    imagesByHardwareLoops,
    valuesCompared,
    mismatches,
    layers,
    ...(mismatch && { firstMismatch: mismatch }),
    compiler,
    seconds,
  };
}

function describeLoops({ images, imagesByHardwareLoops }: SimulationResult): string {
  const others = images - imagesByHardwareLoops;
  const text = `products summed by the hardware's loops: ${others === 0 ? 'all images' : `${count(imagesByHardwareLoops)} images`}`;
  return others === 0 ? text : `${text}; in a faster order: ${count(others)}`;
}

function describe(result: SimulationResult, accuracy: number | undefined): string {
  const { firstMismatch: first } = result;
  return [
    formatTable(
      ['layer', 'values compared', 'mismatches'],
      result.layers.map(({ name, values, mismatches }) => [name, values, mismatches]),
    ),
    '',
    ...(first
      ? [
          `first mismatch: layer "${visible(first.layer)}", image ${first.image}, index ${first.index}: expected ${first.expected}, actual ${first.actual}`,
        ]
      : []),
    `${count(result.images)} images, ${count(result.valuesCompared)} values compared, ${count(result.mismatches)} mismatches (${result.compiler}, ${result.seconds.toFixed(1)} s)`,
    describeLoops(result),
    ...(accuracy === undefined ? [] : [`accuracy of the C simulation: ${percent(accuracy)}`]),
  ].join('\n');
}
