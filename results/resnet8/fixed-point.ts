import { join } from 'node:path';
import {
  defineRun,
  freeze,
  loadModelFile,
  modelFiles,
  quantizeModel,
  samplesOf,
  tf,
  writeQuantized,
} from 'qfx/autograd';
import type { DataSet } from 'qfx/data';
import { Network } from 'qfx';
import type { Graph } from 'qfx';
import { measureAccuracy } from '../../src/cli/accuracy.js';
import type { CommandContext } from '../../src/cli/command.js';
import { quantizeWithProgress } from '../../src/cli/quantize.js';
import { labelledImages } from '../../src/cli/test-images.js';
import { trainWithProgress } from '../../src/cli/train.js';
import { floatModelFile } from './float.js';
import type { FloatStart } from './float.js';
import { fixedPointNetwork } from './network.js';
import type { Row } from './rows.js';

/** A fraction 0..1 of all test images, as the integer executor classifies them. */
type IntegerAccuracy = number;

/** Quantizes the float network for a row, without training, into `<row>/untrained/`. */
export async function quantizeRow(
  out: string,
  row: Row,
  { model: float }: FloatStart,
  data: DataSet,
  context: CommandContext,
): Promise<IntegerAccuracy> {
  const { signal } = context;
  const { model, report } = await quantizeWithProgress(context, (onProgress) =>
    quantizeModel(float, { ...row.quantizers, evaluatedImages: 0, data, signal, onProgress }),
  );
  const samples = samplesOf(data);
  const graph = freeze(model, { samples, name: `resnet8-${row.name}` });
  samples.dispose();
  await writeQuantized(untrainedFolder(out, row), { model, graph, report });
  model.dispose();
  return integerAccuracy(graph, data, context);
}

/**
 * Trains a row's network, or goes on with it, in `resnet8-<row>/`.
 * @throws Error where the network that was trained and its integers do not classify equally well
 */
export async function trainRow(
  out: string,
  row: Row,
  data: DataSet,
  context: CommandContext,
): Promise<IntegerAccuracy> {
  const description = defineRun({
    name: `resnet8-${row.name}`,
    data: () => Promise.resolve(data),
    model: (network) =>
      row.from === 'scratch'
        ? fixedPointNetwork(network, { ...row.quantizers, seed: network.seed })
        : tf.loadLayersModel(modelFiles(join(untrainedFolder(out, row), 'model'))),
    ...(row.training.distillation && { teacher: () => loadModelFile(floatModelFile(out)) }),
    training: row.training,
  });
  const options = { out, resume: true, workers: 1, backend: 'auto' } as const;
  const run = await trainWithProgress(description, options, context);
  run.model.dispose();
  const accuracy = await integerAccuracy(run.graph, data, context);
  if (accuracy !== run.accuracy.trained)
    throw new Error(`${row.name}: accuracy ${run.accuracy.trained} while training, ${accuracy} of the integers`);
  return accuracy;
}

function untrainedFolder(out: string, row: Row): string {
  return join(out, 'untrained', row.name);
}

function integerAccuracy(graph: Graph, data: DataSet, context: CommandContext): Promise<number> {
  return measureAccuracy(new Network(graph), labelledImages(graph, data), context);
}
