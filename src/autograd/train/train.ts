import type { DataSet } from '../../data/data-set.js';
import type { tf } from '../tensorflow.js';
import { resolveTraining } from './options.js';
import type { TrainingInput } from './options.js';
import type { TrainingResult, TrainingSurroundings } from './surroundings.js';
import { TrainingRun } from './training-run.js';

/**
 * Trains a network with softmax cross-entropy on its logits. The same network, data and configuration give the same
 * weights bit for bit, in one go or resumed from checkpoints, with any number of workers.
 *
 * Images enter as bytes * 2^-8, shape [batch, height, width, channels]; the network's only output is [batch, classes].
 * Throws QfxError naming a wrong or unknown key, a network that does not fit the data, a loss that is not a number or a
 * checkpoint of another run, a folder that holds a run which nobody said to resume or overwrite; the signal's reason when aborted, after a checkpoint is written.
 */
export async function train(
  options: TrainingInput &
    TrainingSurroundings & {
      readonly model: tf.LayersModel;
      readonly data: DataSet;
      /** What the network learns from where `distillation` says so: logits or probabilities of the same classes; left alone. */
      readonly teacher?: tf.LayersModel;
    },
): Promise<TrainingResult> {
  const { model, data, teacher, folder, resume, overwrite, workers, signal, onProgress, onWarning, ...training } =
    options;
  const surroundings = { teacher, folder, resume, overwrite, workers, signal, onProgress, onWarning };
  const run = await TrainingRun.open(model, data, resolveTraining(training), surroundings);
  try {
    return await run.finish();
  } finally {
    await run.close();
  }
}
