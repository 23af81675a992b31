import type { Labels } from '../../data/data-set.js';
import { keepBudget } from '../freeze/budget.js';
import { freezeBinaryPoints, searchBinaryPoints } from '../freeze/fixing.js';
import { settleBinaryPoints } from '../freeze/settling.js';
import type { SettledBinaryPoints } from '../freeze/settling.js';
import { areQuantizersBypassed } from '../quantizer.js';
import type { tf } from '../tensorflow.js';
import { BitOperations } from './bit-operations.js';
import type { TrainingConfig } from './options.js';
import { trainingLoss } from './training-loss.js';

/**
 * Makes the binary points and word lengths of a run final, as its configuration says, within its budget.
 * @param x training images, [images, ...shape]
 * @returns the losses that decided, where losses did
 */
export function settle(
  model: tf.LayersModel,
  x: tf.Tensor,
  labels: Labels,
  { freezing, resources }: TrainingConfig,
): SettledBinaryPoints | undefined {
  if (areQuantizersBypassed()) return undefined;
  const lossOf = () => trainingLoss(model, x, labels);
  const losses = settleBy(freezing.by, model, x, lossOf);
  if (resources !== undefined) keepBudget(new BitOperations(model), resources.bitOperations, lossOf);
  return losses;
}

function settleBy(
  by: TrainingConfig['freezing']['by'],
  model: tf.LayersModel,
  x: tf.Tensor,
  lossOf: () => number,
): SettledBinaryPoints | undefined {
  switch (by) {
    case 'loss':
      return settleBinaryPoints(model, x, lossOf);
    case 'search':
      searchBinaryPoints(model, x);
      return undefined;
    case 'neighbours':
      freezeBinaryPoints(model, x);
      return undefined;
  }
}
