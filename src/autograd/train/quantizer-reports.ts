import { visitQuantizers } from '../freeze/fixing.js';
import type { Quantizer } from '../quantizer.js';
import { reportQuantizer } from '../quantizer-statistics.js';
import type { QuantizerReport } from '../quantizer-statistics.js';
import type { tf } from '../tensorflow.js';

/** What each quantizer of a model does to its values while these inputs come by. Changes nothing. */
export function reportQuantizers(model: tf.LayersModel, batch: tf.Tensor): Map<Quantizer, QuantizerReport> {
  const reports = new Map<Quantizer, QuantizerReport>();
  visitQuantizers(model, batch, (quantizer, values) => {
    if (!reports.has(quantizer)) reports.set(quantizer, reportQuantizer(quantizer, values));
  });
  return reports;
}
