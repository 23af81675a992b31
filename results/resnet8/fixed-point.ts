import { join } from 'node:path';
import { firstImages, freeze, modelFiles, quantizeModel, runDescription, tf, writeQuantized } from 'qfx/autograd';
import type { QuantizationSurroundings, RunDescription } from 'qfx/autograd';
import type { DataSet } from 'qfx/data';
import { Network } from 'qfx';
import type { Graph } from 'qfx';
import { classify } from '../../src/cli/classify.js';
import { labelledImages } from '../../src/cli/test-images.js';
import type { FloatStart, Watching } from './float.js';
import { fixedPointNetwork } from './network.js';
import type { Row } from './rows.js';

/** Real images on which a frozen graph is compared with the network. */
const comparedImages = 64;

/** A fraction 0..1 of all test images, as the integer executor classifies them. */
type IntegerAccuracy = number;

/** Quantizes the float network for a row, without training, into `<row>/untrained/`. */
export async function quantizeRow(
  out: string,
  row: Row,
  { model: float }: FloatStart,
  surroundings: QuantizationSurroundings,
): Promise<IntegerAccuracy> {
  const { data, signal } = surroundings;
  const { model, report } = await quantizeModel(float, { ...row.quantizers, evaluatedImages: 0, ...surroundings });
  const samples = firstImages(data.test, data.shape, comparedImages);
  const graph = freeze(model, { samples, name: `resnet8-${row.name}` });
  samples.dispose();
  await writeQuantized(untrainedFolder(out, row), { model, graph, report });
  model.dispose();
  return integerAccuracy(graph, data, signal);
}

/**
 * Trains a row's network, or goes on with it, in `resnet8-<row>/`.
 * @throws Error where the network that was trained and its integers do not classify equally well
 */
export async function trainRow(
  out: string,
  row: Row,
  data: DataSet,
  watching: Watching,
): Promise<{ readonly graph: Graph; readonly accuracy: IntegerAccuracy }> {
  const description: RunDescription = {
    name: `resnet8-${row.name}`,
    data: () => Promise.resolve(data),
    model: (context) =>
      row.from === 'scratch'
        ? fixedPointNetwork(context, { ...row.quantizers, seed: context.seed })
        : tf.loadLayersModel(modelFiles(join(untrainedFolder(out, row), 'model'))),
    training: row.training,
  };
  const run = await runDescription(description, { out, resume: true, workers: 1, backend: 'auto', ...watching });
  run.model.dispose();
  const accuracy = await integerAccuracy(run.graph, data, watching.signal);
  if (accuracy !== run.accuracy.trained)
    throw new Error(`${row.name}: accuracy ${run.accuracy.trained} while training, ${accuracy} of the integers`);
  return { graph: run.graph, accuracy };
}

function untrainedFolder(out: string, row: Row): string {
  return join(out, 'untrained', row.name);
}

async function integerAccuracy(graph: Graph, data: DataSet, signal = new AbortController().signal): Promise<number> {
  return (await classify(new Network(graph), labelledImages(graph, data), { signal })).accuracy;
}
