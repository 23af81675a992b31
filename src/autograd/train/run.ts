import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { inputFormat, loadData } from '../../data/index.js';
import type { DataOptions, DataSet } from '../../data/index.js';
import { QfxError } from '../../qfx/errors.js';
import { saveGraph } from '../../qfx/graph/file.js';
import type { Graph, JsonObject } from '../../qfx/graph/graph.js';
import { packageVersion } from '../../package-root.js';
import { initializeBackend, runningBackend } from '../backend.js';
import type { Backend } from '../backend.js';
import { freeze, quantizersOf } from '../freeze/index.js';
import { withoutQuantizers } from '../quantizer.js';
import type { tf } from '../tensorflow.js';
import { buildModel } from './build-model.js';
import { checksumOfNetwork } from './distillation.js';
import type { Evaluation } from './evaluate.js';
import { comparedImages, samplesOf } from './first-images.js';
import { runFiles } from './run-folder.js';
import { checksumOf, resolveRun } from './run-description.js';
import type { ResolvedRun, RunDescription } from './run-description.js';
import type { TrainingResult, TrainingSurroundings } from './surroundings.js';
import { TrainingRun } from './training-run.js';

/** Where a run reads and writes, and how it is watched and ended. */
export interface RunOptions extends Omit<TrainingSurroundings, 'folder'> {
  /** The run's folder lies in it. Defaults to `out`. */
  readonly out?: string;
  /** What it computes on (docs/training.md); `wasm` by default. */
  readonly backend?: Backend;
  /** The data set's folder; else QFX_DATA, the cache, and so on (docs/training.md). */
  readonly data?: string;
  /** The description's file, from which workers build the network; without it they get its layers as JSON. */
  readonly file?: string;
  readonly onDownload?: DataOptions['onProgress'];
}

/** What a run made. */
export interface RunResult {
  /** Holds `checkpoints/`, `metrics.jsonl`, `metrics.csv` and `model.safetensors`. */
  readonly folder: string;
  /** Path of the graph's file. */
  readonly file: string;
  readonly graph: Graph;
  readonly model: tf.LayersModel;
  readonly data: DataSet;
  readonly training: TrainingResult;
  /** On the whole test set, fractions 0..1. */
  readonly accuracy: {
    /** The same weights with all quantizers bypassed. */
    readonly float: number;
    readonly trained: number;
  };
  /** Learned binary points that ended elsewhere than the search on the first batch had put them. */
  readonly binaryPointsMoved: number;
}

/**
 * Loads the data, trains the network, freezes it, and writes `<out>/<name>/model.safetensors`, whose provenance says
 * where it comes from. Starts the backend. Throws QfxError for what is wrong, the signal's reason when aborted.
 */
export async function runDescription(description: RunDescription, options: RunOptions = {}): Promise<RunResult> {
  const run = resolveRun(description, 'run description');
  const { out = 'out', backend, data: dataFolder, file: path, onDownload, ...surroundings } = options;
  const describedIn = path === undefined ? undefined : { path, checksum: await checksumOf(path) };
  const { signal } = surroundings;
  const folder = join(out, run.name);
  await initializeBackend(backend);
  const data = await loadData(run.data, { folder: dataFolder, onProgress: onDownload, signal });
  const images = data.test.labels.length + data.train.labels.length;
  if (images < comparedImages)
    throw new QfxError(
      `data set "${data.name}"`,
      `has ${images} images; at least ${comparedImages} are needed to prove the frozen network`,
    );
  const networkData = { ...data, input: inputFormat(data.train) };
  const model = await buildModel(run, networkData, run.training.seed);
  const teacher = run.teacher && (await buildModel(run, networkData, run.training.seed, 'teacher'));
  const session = await TrainingRun.open(model, data, run.training, {
    ...surroundings,
    folder,
    teacher,
    file: describedIn,
  });
  let training: TrainingResult;
  let float: Evaluation;
  try {
    training = await session.finish();
    float = await withoutQuantizers(() => session.evaluate(data.test));
  } finally {
    await session.close();
  }
  const accuracy = { float: float.accuracy, trained: training.test.accuracy };
  const graph = freezeRun(run, model, data, provenance(run, data, training, accuracy, teacher));
  const file = runFiles(folder).graph;
  await writeFileAtomic(file, Buffer.from(saveGraph(graph)));
  const moved = quantizersOf(model).flatMap(({ quantizer }) => {
    const { initialBinaryPoints } = quantizer;
    return quantizer.binaryPoints.filter((point, channel) => point !== initialBinaryPoints[channel]);
  });
  return { folder, file, graph, model, data, training, accuracy, binaryPointsMoved: moved.length };
}

function freezeRun(run: ResolvedRun, model: tf.LayersModel, data: DataSet, provenance: JsonObject): Graph {
  const samples = samplesOf(data);
  try {
    return freeze(model, { samples, name: run.name, provenance });
  } finally {
    samples.dispose();
  }
}

function provenance(
  run: ResolvedRun,
  { name, checksum, source }: DataSet,
  { steps, epochs, stoppedEarly, test }: TrainingResult,
  accuracy: RunResult['accuracy'],
  teacher: tf.LayersModel | undefined,
): JsonObject {
  const { name: backend, threads } = runningBackend();
  const content = {
    qfx: packageVersion(),
    run: run.name,
    seed: run.training.seed,
    backend,
    ...(backend === 'node' && { threads }),
    data: { name, checksum, source },
    training: run.training,
    ...(teacher && { teacher: { name: teacher.name, checksum: checksumOfNetwork(teacher) } }),
    steps,
    epochs,
    stoppedEarly,
    accuracy: { ...accuracy, images: test.images },
  };
  return JSON.parse(JSON.stringify(content)) as JsonObject;
}
