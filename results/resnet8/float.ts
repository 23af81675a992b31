import { join } from 'node:path';
import { evaluate, loadModelFile, modelFiles, train, withoutQuantizers } from 'qfx/autograd';
import type { tf, TrainingInput, TrainingSurroundings } from 'qfx/autograd';
import type { DataSet } from 'qfx/data';
import type { CommandContext } from '../../src/cli/command.js';
import type { Progress } from '../../src/cli/progress.js';
import { describeProgress } from '../../src/cli/train.js';
import { writeWholeFolder } from '../../src/write-whole-folder.js';
import { fixedPointNetwork, floatNetwork } from './network.js';
import { fineTuning, floatTraining } from './rows.js';

/** The network that fine-tuning starts from. */
export interface FloatStart {
  readonly model: tf.LayersModel;
  /** Fraction 0..1 of all test images. */
  readonly accuracy: number;
}

/** Where the float network lies in a folder of results. */
export function floatModelFile(out: string): string {
  return join(out, 'float', 'model', 'model.json');
}

/**
 * Trains the float network, or goes on with it: `float/run/` holds checkpoints, `float/model/` the result. It is trained as
 * layers of QFX with their quantizers off, which takes a third of the time that TensorFlow.js' layers take.
 */
export async function trainFloat(out: string, data: DataSet, context: CommandContext): Promise<FloatStart> {
  const network = switchedOff(data);
  const model = floatNetwork(shapeOf(data));
  await trainFurther('float', network, data, floatTraining, join(out, 'float', 'run'), context);
  copyWeights(network, model);
  await writeWholeFolder(join(out, 'float', 'model'), async (partial) => void (await model.save(modelFiles(partial))));
  return { model, accuracy: await accuracyOf(model, data, context) };
}

/** The float network that an earlier call trained. */
export async function loadFloat(out: string, data: DataSet, context: CommandContext): Promise<FloatStart> {
  const model = await loadModelFile(floatModelFile(out));
  return { model, accuracy: await accuracyOf(model, data, context) };
}

/** Trains the float network as long as its fixed-point forms are, and says what accuracy that gives. */
export async function trainControl(out: string, { model }: FloatStart, data: DataSet, context: CommandContext) {
  const network = switchedOff(data);
  copyWeights(model, network);
  return trainFurther('float control', network, data, fineTuning, join(out, 'control'), context);
}

/** Trains with the quantizers off, or goes on with that; returns the accuracy on all test images. */
async function trainFurther(
  title: string,
  model: tf.LayersModel,
  data: DataSet,
  training: TrainingInput & { readonly epochs: number },
  folder: string,
  { signal, progress }: CommandContext,
): Promise<number> {
  let bar: Progress | undefined;
  const surroundings: TrainingSurroundings = {
    folder,
    resume: true,
    workers: 1,
    signal,
    onProgress(state) {
      bar ??= progress(title, state.steps);
      bar.update(state.step, describeProgress(state, training.epochs));
    },
  };
  try {
    const { test } = await withoutQuantizers(() => train({ model, data, ...training, ...surroundings }));
    return test.accuracy;
  } finally {
    bar?.stop();
  }
}

/** Its quantizers are never used. */
function switchedOff(data: DataSet): tf.LayersModel {
  const bits = { wordLength: 8 };
  return fixedPointNetwork(shapeOf(data), { weights: bits, activations: bits, seed: floatTraining.seed });
}

function shapeOf({ shape, classes }: DataSet) {
  return { shape, classes: classes.length };
}

async function accuracyOf(model: tf.LayersModel, data: DataSet, { signal }: CommandContext): Promise<number> {
  return (await evaluate(model, data.test, data.shape, { signal })).accuracy;
}

/** Sets the weights of all layers of `target` to those of the same names, of layers of the same names. */
function copyWeights(source: tf.LayersModel, target: tf.LayersModel): void {
  const ownName = (weight: tf.LayerVariable) => weight.originalName.split('/').at(-1);
  const parameters = new Set(['kernel', 'bias', 'gamma', 'beta', 'moving_mean', 'moving_variance']);
  for (const layer of target.layers) {
    for (const weight of layer.weights.filter((own) => parameters.has(ownName(own) ?? ''))) {
      const found = source.getLayer(layer.name).weights.find((other) => ownName(other) === ownName(weight));
      if (found === undefined) throw new Error(`layer "${layer.name}" has no ${String(ownName(weight))} to copy`);
      weight.write(found.read());
    }
  }
}
