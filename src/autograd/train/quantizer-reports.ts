import { visitQuantizers } from '../freeze/fixing.js';
import type { Quantizer } from '../quantizer.js';
import type { tf } from '../tensorflow.js';

/**
 * What each quantizer of a model does to its values while these inputs come by. Changes nothing.
 * @param report looks at a quantizer and the values that it casts
 */
export function reportQuantizers<Report>(
  model: tf.LayersModel,
  batch: tf.Tensor,
  report: (quantizer: Quantizer, values: tf.Tensor) => Report,
): Map<Quantizer, Report> {
  const reports = new Map<Quantizer, Report>();
  visitQuantizers(model, batch, (quantizer, values) => {
    if (!reports.has(quantizer)) reports.set(quantizer, report(quantizer, values));
  });
  return reports;
}
