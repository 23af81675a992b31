import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { exportHls, simulate } from '../hls-codegen/index.js';
import { packageRoot } from '../package-root.js';
import { accuracyOf, showStages } from './csim.js';
import type { Command } from './command.js';
import { count, percent } from './format.js';
import { formatTable } from './table.js';
import { labelledImages } from './test-images.js';
import { trainWithProgress } from './train.js';

/** Test images on which every value of every layer is compared; the outputs are compared on all. */
const layersFor = 1_000;

/** Test images that are simulated with multiplication deleted. */
const proofImages = 200;

/** `qfx demo`: the whole road on MNIST, from training to bit-exact C++. */
export const demo: Command<{ 'multiplier-free': boolean }> = {
  command: 'demo',
  describe: 'Train on MNIST, freeze, export, simulate, compare: everything ends up in out/demo',
  examples: [
    ['$0 demo', 'A minute or two on two cores'],
    ['$0 demo --multiplier-free', 'Shifts and additions in every layer'],
  ],
  options: (yargs) =>
    yargs.option('multiplier-free', {
      type: 'boolean',
      default: false,
      describe:
        'Weights and scales of two signed powers of two, so that nothing multiplies; in out/demo-multiplier-free',
    }),
  async run({ 'multiplier-free': multiplierFree }, context) {
    const started = performance.now();
    const { countDifferingOutputs, loadRunDescription } = await import('../autograd/index.js');
    const description = join(packageRoot(), 'examples', 'mnist', multiplierFree ? 'multiplier-free.ts' : 'demo.ts');
    const run = await loadRunDescription(description);
    const { folder, file, graph, model, data, accuracy, binaryPointsMoved } = await trainWithProgress(
      run,
      { out: 'out', file: description, overwrite: true },
      context,
    );
    const hls = join(folder, 'hls');
    const summaryFile = join(folder, 'summary.json');
    await rm(summaryFile, { force: true }); // one of an older run would not belong to this project
    await exportHls(graph, { out: hls, board: 'ultra96' });

    const images = labelledImages(graph, data);
    const simulation = await simulate(hls, {
      inputs: images,
      layersFor,
      onProgress: showStages(context),
      signal: context.signal,
    });
    // With multiplication deleted the hardware's loops run, which take longer: some images say it all.
    const proof = multiplierFree
      ? await simulate(hls, {
          inputs: { ...images, count: proofImages },
          noMultiply: true,
          onProgress: showStages(context),
          signal: context.signal,
        })
      : undefined;
    const [{ expected, format }] = simulation.outputs;
    const trainedVersusInteger = await countDifferingOutputs(
      model,
      data.test,
      data.shape,
      expected,
      format.binaryPoint,
      context.signal,
    );

    const summary = {
      accuracy: {
        float: accuracy.float,
        trained: accuracy.trained,
        integer: accuracyOf(simulation, 'expected', images),
        csim: accuracyOf(simulation, 'simulated', images),
      },
      images: simulation.images,
      valuesCompared: simulation.valuesCompared,
      mismatches: simulation.mismatches,
      ...(proof && {
        withoutMultiplication: {
          images: proof.images,
          valuesCompared: proof.valuesCompared,
          mismatches: proof.mismatches,
        },
      }),
      trainedVersusInteger,
      binaryPointsMoved,
      seconds: (performance.now() - started) / 1e3,
      compiler: simulation.compiler,
    };
    await writeFileAtomic(summaryFile, `${JSON.stringify(summary, undefined, 2)}\n`);
    return {
      document: summary,
      text: describe(summary, [file, hls, summaryFile]),
      failed: summary.mismatches > 0 || (proof?.mismatches ?? 0) > 0 || summary.trainedVersusInteger > 0,
    };
  },
};

interface Summary {
  readonly accuracy: Readonly<Record<'float' | 'trained' | 'integer' | 'csim', number>>;
  readonly images: number;
  readonly valuesCompared: number;
  readonly mismatches: number;
  /** Of the multiplier-free network, compiled with multiplication deleted. */
  readonly withoutMultiplication?: Readonly<Record<'images' | 'valuesCompared' | 'mismatches', number>>;
  readonly trainedVersusInteger: number;
  readonly binaryPointsMoved: number;
  readonly seconds: number;
  readonly compiler: string;
}

function describe(summary: Summary, files: readonly string[]): string {
  const { accuracy, images, valuesCompared, mismatches, trainedVersusInteger, binaryPointsMoved } = summary;
  const { withoutMultiplication: proof } = summary;
  return [
    formatTable(
      ['MNIST, all test images', 'accuracy'],
      [
        ['without quantizers', percent(accuracy.float)],
        ['trained network, fixed point', percent(accuracy.trained)],
        ['integer executor', percent(accuracy.integer)],
        ['C++ in C simulation', percent(accuracy.csim)],
      ],
    ),
    '',
    `C++ against integer executor: ${count(valuesCompared)} values on ${count(images)} images, ${count(mismatches)} mismatches`,
    ...(proof
      ? [
          `the same with multiplication deleted: ${count(proof.valuesCompared)} values on ${count(proof.images)} images, ${count(proof.mismatches)} mismatches`,
        ]
      : []),
    `trained network against integer executor: ${count(trainedVersusInteger)} differing outputs`,
    `binary points that training moved: ${count(binaryPointsMoved)}`,
    `${summary.seconds.toFixed(0)} s, ${summary.compiler}`,
    '',
    ...files,
  ].join('\n');
}
