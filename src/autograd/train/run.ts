import { join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { inputFormat, loadData } from '../../data/index.js';
import type { DataOptions, DataSet } from '../../data/index.js';
import { QfxError } from '../../qfx/errors.js';
import { saveGraph } from '../../qfx/graph/file.js';
import type { Graph, JsonObject } from '../../qfx/graph/graph.js';
import { summarizeGraph } from '../../qfx/graph/summary.js';
import { packageVersion } from '../../package-root.js';
import { initializeBackend, runningBackend } from '../backend.js';
import type { Backend } from '../backend.js';
import { freeze, quantizersOf } from '../freeze/index.js';
import { withoutQuantizers } from '../quantizer.js';
import type { tf } from '../tensorflow.js';
import { buildModel } from './build-model.js';
import { copyWeights, writeWeights } from './checkpoint.js';
import { checksumOfNetwork } from './distillation.js';
import type { Evaluation } from './evaluate.js';
import { comparedImages, samplesOf } from './first-images.js';
import { writeFront } from './front-graphs.js';
import type { FrontGraph } from './front-graphs.js';
import { runFiles } from './run-folder.js';
import { checksumOf, resolveRun } from './run-description.js';
import type { ResolvedRun, RunDescription } from './run-description.js';
import type { FrontNetwork, TrainingResult, TrainingSurroundings } from './surroundings.js';
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
  /** Holds `checkpoints/`, `metrics.jsonl`, `metrics.csv` and `model.safetensors`; with `pareto` also `pareto/`. */
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
  /** Of the graph, for an image. */
  readonly bitOperations: number;
  /** With `pareto`: graphs of the networks of the front, the cheapest first. */
  readonly front: readonly FrontGraph[] | undefined;
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
  let networks: FrozenNetwork[] | undefined;
  try {
    training = await session.finish();
    float = await withoutQuantizers(() => session.evaluate(data.test));
    networks = training.front && (await freezeFront(run, { model, teacher }, data, training.front, session));
  } finally {
    await session.close();
  }
  const accuracy = { float: float.accuracy, trained: training.test.accuracy };
  const { images: testImages } = training.test;
  const origin = provenance(run, data, training, { ...accuracy, images: testImages }, teacher);
  const graph = freezeRun(run, model, data, origin);
  const front = networks && (await writeFront(folder, networks));
  const file = runFiles(folder).graph;
  await writeFileAtomic(file, Buffer.from(saveGraph(graph)));
  const moved = quantizersOf(model).flatMap(({ quantizer }) => {
    const { initialBinaryPoints } = quantizer;
    return quantizer.binaryPoints.filter((point, channel) => point !== initialBinaryPoints[channel]);
  });
  const { bitOperations } = summarizeGraph(graph);
  return {
    folder,
    file,
    graph,
    model,
    data,
    training,
    accuracy,
    bitOperations,
    front,
    binaryPointsMoved: moved.length,
  };
}

type FrozenNetwork = Omit<FrontGraph, 'file'> & { readonly graph: Graph };

/** Makes a graph of each network of a front, measured on the test images, too. The model ends with the weights that it had. */
async function freezeFront(
  run: ResolvedRun,
  { model, teacher }: { readonly model: tf.LayersModel; readonly teacher: tf.LayersModel | undefined },
  data: DataSet,
  front: readonly FrontNetwork[],
  session: TrainingRun,
): Promise<FrozenNetwork[]> {
  const weights = copyWeights(model);
  const networks: FrozenNetwork[] = [];
  for (const { restore, step: steps, epoch, bitOperations, accuracy: validation } of front) {
    await restore();
    const test = await session.evaluate(data.test);
    const accuracy = { validation, trained: test.accuracy };
    const from = { steps, epochs: epoch, stoppedEarly: false };
    const origin = provenance(run, data, from, { ...accuracy, images: test.images }, teacher);
    const graph = freezeRun(run, model, data, origin);
    networks.push({ epoch, bitOperations, accuracy, graph });
  }
  writeWeights(model, { weights }, `run "${run.name}"`);
  return networks;
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
  { steps, epochs, stoppedEarly }: Pick<TrainingResult, 'steps' | 'epochs' | 'stoppedEarly'>,
  accuracy: JsonObject,
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
    accuracy,
  };
  return JSON.parse(JSON.stringify(content)) as JsonObject;
}
