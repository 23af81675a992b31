import type { Labels } from '../../data/data-set.js';
import { keepingBudget } from '../freeze/budget.js';
import { borrowStatistics, freezeBinaryPoints, searchBinaryPoints } from '../freeze/fixing.js';
import { quantizersOf } from '../freeze/model.js';
import { settling, starting } from '../freeze/settling.js';
import type { SettledBinaryPoints, StartedBinaryPoints } from '../freeze/settling.js';
import type { Steps } from '../freeze/steps.js';
import { areQuantizersBypassed } from '../quantizer.js';
import type { Quantizer } from '../quantizer.js';
import type { tf } from '../tensorflow.js';
import { BitOperations } from './bit-operations.js';
import { placeBinaryPoints } from './first-batch.js';
import type { TrainingConfig } from './options.js';
import { trainingLoss } from './training-loss.js';

/**
 * The quantizers whose start is open: those with binary points that are known already, from a script or the run before, and those
 * that have none yet, which are found behind the known ones. Where word lengths are learned, too, known binary points belong to
 * them, and stay.
 */
export function openToStart(model: tf.LayersModel): Quantizer[] {
  return quantizersOf(model)
    .map(({ quantizer }) => quantizer)
    .filter((quantizer) => !quantizer.isFrozen && !(quantizer.isInitialized && quantizer.learnsWordLength));
}

/**
 * Lets a run start from better binary points than the known ones, where the loss says that there are. This and the next ones work
 * in steps, between which the weights are those of a network on its way.
 * @param open of `openToStart`, all with binary points by now
 * @param x training images, [images, ...shape]
 * @returns the losses that decided; undefined where the configuration does not choose by the loss
 */
export function* startFromBetter(
  model: tf.LayersModel,
  open: readonly Quantizer[],
  x: tf.Tensor,
  labels: Labels,
  { freezing }: TrainingConfig,
): Steps<StartedBinaryPoints | undefined> {
  if (freezing.by !== 'loss') return undefined;
  const search = () => placeBinaryPoints(model, x);
  return yield* starting(model, open, x, search, () => trainingLoss(model, x, labels));
}

/**
 * Makes the binary points and word lengths of a run final, as its configuration says, within its budget.
 * @param x training images, [images, ...shape]
 * @returns the losses that decided, where losses did
 */
export function* settle(
  model: tf.LayersModel,
  x: tf.Tensor,
  labels: Labels,
  { freezing, resources }: TrainingConfig,
): Steps<SettledBinaryPoints | undefined> {
  if (areQuantizersBypassed()) return undefined;
  const losses = yield* settleBy(freezing.by, model, x, () => trainingLoss(model, x, labels));
  if (resources !== undefined) yield* keepWithin(model, x, labels, resources.bitOperations);
  return losses;
}

/**
 * Takes off what a network with frozen quantizers takes above its budget.
 * @param x training images, [images, ...shape]
 * @throws QfxError where its shortest words take more
 */
export function* keepWithin(model: tf.LayersModel, x: tf.Tensor, labels: Labels, bitOperations: number): Steps<void> {
  const putBack = borrowStatistics(model, x);
  yield* keepingBudget(new BitOperations(model), bitOperations, () => trainingLoss(model, x, labels));
  putBack();
}

function* settleBy(
  by: TrainingConfig['freezing']['by'],
  model: tf.LayersModel,
  x: tf.Tensor,
  lossOf: () => number,
): Steps<SettledBinaryPoints | undefined> {
  switch (by) {
    case 'loss':
      return yield* settling(model, x, lossOf);
    case 'search':
      searchBinaryPoints(model, x);
      return undefined;
    case 'neighbours':
      freezeBinaryPoints(model, x);
      return undefined;
  }
}
