import { inputFormat, loadData, takeImages } from '../../data/index.js';
import { QfxError } from '../../qfx/errors.js';
import { initializeBackend } from '../backend.js';
import { quantizersOf } from '../freeze/model.js';
import { withOnlyQuantizers, withoutQuantizers } from '../quantizer.js';
import type { Quantizer } from '../quantizer.js';
import { reportQuantizer } from '../quantizer-statistics.js';
import type { QuantizerReport } from '../quantizer-statistics.js';
import { buildModel } from './build-model.js';
import { readCheckpoint, writeWeights } from './checkpoint.js';
import { evaluate } from './evaluate.js';
import { firstImages } from './first-images.js';
import { describeNetwork, networkDifference } from './network-description.js';
import { reportQuantizers } from './quantizer-reports.js';
import type { ResolvedRun } from './run-description.js';

/** Images on which casts are watched at most: all values of all layers are in memory at once. */
const watchedImages = 100;

export interface DiagnoseOptions {
  /** Path of a checkpoint of the run. */
  readonly checkpoint: string;
  /** The data set's folder; else as for training. */
  readonly data?: string;
  /** Test images, the first ones; all where there are fewer. */
  readonly images: number;
  readonly signal?: AbortSignal;
  /** Gets how many of the accuracies are measured. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** One quantizer of a network. */
export interface QuantizerDiagnosis extends QuantizerReport {
  readonly layer: string;
  /** `weights`, `bias`, `scale`, `offset` or `output`. */
  readonly role: string;
  /** One, or one a channel. */
  readonly wordLengths: readonly number[];
  readonly binaryPoints: readonly number[];
  /** With this quantizer switched on and all others off, a fraction 0..1. */
  readonly accuracy: number;
  /** Accuracy without quantizers, minus that. */
  readonly accuracyLost: number;
}

export interface NetworkDiagnosis {
  readonly dataSet: string;
  readonly images: number;
  /** Images on which casts were watched. */
  readonly watchedImages: number;
  /** Fractions 0..1. */
  readonly accuracy: number;
  readonly accuracyWithoutQuantizers: number;
  /** What costs most comes first. */
  readonly quantizers: readonly QuantizerDiagnosis[];
}

/**
 * Measures what each quantizer of a checkpoint costs on its own, all others switched off, and watches what it does to its values.
 * @throws QfxError for a checkpoint that is not there or not of this network, the signal's reason when aborted
 */
export async function diagnoseQuantizers(run: ResolvedRun, options: DiagnoseOptions): Promise<NetworkDiagnosis> {
  const { signal, onProgress } = options;
  const checkpoint = await readCheckpoint(options.checkpoint);
  if (checkpoint === undefined) throw new QfxError(options.checkpoint, 'no such file');
  await initializeBackend();
  const data = await loadData(run.data, { folder: options.data, signal });
  const model = await buildModel(run, { ...data, input: inputFormat(data.train) }, run.training.seed);
  const difference = networkDifference(checkpoint.state.network, describeNetwork(model));
  if (difference !== undefined)
    throw new QfxError(
      options.checkpoint,
      `belongs to another network: ${difference.where} was ${difference.then}, in "${run.name}" it is ${difference.now}`,
    );
  writeWeights(model, checkpoint, options.checkpoint);
  const count = Math.min(options.images, data.test.labels.length);
  const part = takeImages(data.test, 0, count);
  const placed = quantizersOf(model);
  let measured = 0;
  const measure = async (): Promise<number> => {
    const { accuracy } = await evaluate(model, part, data.shape, { signal });
    onProgress?.(++measured, placed.length + 2);
    return accuracy;
  };
  const accuracy = await measure();
  const accuracyWithoutQuantizers = await withoutQuantizers(measure);
  const watched = Math.min(watchedImages, count);
  const x = firstImages(data.test, data.shape, watched);
  const reports = reportQuantizers(model, x, reportQuantizer);
  x.dispose();
  const quantizers: QuantizerDiagnosis[] = [];
  for (const { layer, role, quantizer } of placed) {
    const alone = await withOnlyQuantizers(new Set<Quantizer>([quantizer]), measure);
    const report = reports.get(quantizer);
    if (report === undefined) throw new QfxError(`layer "${layer}"`, `its ${role} quantizer has cast nothing`);
    const { wordLengths, binaryPoints } = quantizer;
    const accuracyLost = accuracyWithoutQuantizers - alone;
    quantizers.push({ layer, role, wordLengths, binaryPoints, ...report, accuracy: alone, accuracyLost });
  }
  quantizers.sort((one, other) => {
    const noise = ({ signalToNoise }: QuantizerDiagnosis) => signalToNoise ?? Number.MAX_VALUE;
    return other.accuracyLost - one.accuracyLost || noise(one) - noise(other);
  });
  return {
    ...{ dataSet: data.name, images: count, watchedImages: watched },
    ...{ accuracy, accuracyWithoutQuantizers, quantizers },
  };
}
