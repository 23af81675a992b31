import { batchNormalizationsOf } from '../layers/batch-normalization.js';
import type { BatchStatistics } from '../layers/batch-normalization.js';
import type { tf } from '../tensorflow.js';

/**
 * Runs training passes that leave BatchNorm's moving statistics alone.
 * @param report gets what a BatchNorm saw, with its position in `batchNormalizationsOf`
 */
export function reportingStatistics(
  model: tf.LayersModel,
  report: (layer: number, statistics: BatchStatistics) => void,
  run: () => void,
): void {
  const layers = batchNormalizationsOf(model);
  layers.forEach((layer, position) => layer.reportStatistics((statistics) => report(position, statistics)));
  try {
    run();
  } finally {
    for (const layer of layers) layer.reportStatistics(undefined);
  }
}
