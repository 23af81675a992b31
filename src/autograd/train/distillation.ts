import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { DataSet } from '../../data/data-set.js';
import { QfxError } from '../../qfx/errors.js';
import { crossEntropyKernel } from '../kernels/cross-entropy.js';
import { runKernel, tf } from '../tensorflow.js';
import { modelWeights } from './model-weights.js';
import { describeNetwork } from './network-description.js';
import { checkShapes } from './surroundings.js';

/** How much a network learns from a teacher's answers (Hinton et al., 2015). */
export const distillationSchema = z.strictObject({
  /** What both networks' logits are divided by before their softmax: above 1 the teacher's smaller answers count more. */
  temperature: z.number().positive().default(4),
  /** The share of the teacher in the loss; the labels have the rest. */
  weight: z.number().gt(0).max(1).default(0.5),
});
export type Distillation = z.output<typeof distillationSchema>;

/** Smaller probabilities of a teacher that ends in a softmax count as exp of this. */
const lowestLogit = -100;

/**
 * @throws QfxError for a teacher without `distillation` or the other way round, one that does not fit the data, and one that
 * shares layers with the network
 */
export function checkTeacher(
  teacher: tf.LayersModel | undefined,
  distillation: Distillation | undefined,
  model: tf.LayersModel,
  data: DataSet,
): void {
  if (teacher === undefined && distillation === undefined) return;
  if (teacher === undefined)
    throw new QfxError('training: distillation', 'needs a network to learn from, teacher, and there is none');
  if (distillation === undefined)
    throw new QfxError('teacher', 'is not used without distillation: { temperature, weight } in the training');
  const shared = teacher.layers.find((layer) => model.layers.includes(layer));
  if (shared !== undefined)
    throw new QfxError('teacher', `shares layer "${shared.name}" with the network, so that it would change, too`);
  checkShapes(teacher, data);
}

/** SHA-256 of a network's layers and weights: two that are equal teach the same. */
export function checksumOfNetwork(model: tf.LayersModel): string {
  const hash = createHash('sha256').update(JSON.stringify(describeNetwork(model)));
  for (const { key, read } of modelWeights(model)) hash.update(key).update(read());
  return hash.digest('hex');
}

/** A teacher's logits [images, classes] for images [images, ...shape]; of one that ends in a softmax, logarithms. */
export function teacherLogits(teacher: tf.LayersModel, x: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const answers = teacher.apply(x, { training: false }) as tf.Tensor;
    return endsInSoftmax(teacher) ? answers.log().maximum(lowestLogit) : answers;
  });
}

function endsInSoftmax({ outputs: [{ sourceLayer }] }: tf.LayersModel): boolean {
  if (sourceLayer instanceof tf.LayersModel) return endsInSoftmax(sourceLayer);
  const { activation } = sourceLayer.getConfig();
  return activation === 'softmax' || /softmax$/i.test(sourceLayer.getClassName());
}

/**
 * The loss of each image, (1 - weight) H(labels, z) + weight T^2 KL(softmax(t / T) || softmax(z / T)) with the logits z and the
 * teacher's t, in nats, and the gradient of its sum over the images divided by `divisor`.
 * @param labels one-hot, [images, classes] like both logits
 */
export function distilledLosses(
  labels: tf.Tensor,
  logits: tf.Tensor,
  teacher: tf.Tensor,
  { temperature, weight }: Distillation,
  divisor: number,
): { readonly losses: tf.Tensor; readonly gradient: tf.Tensor } {
  const crossEntropy = (targets: tf.Tensor, given: tf.Tensor, share: number) =>
    runKernel(crossEntropyKernel.name, { labels: targets, logits: given }, { divisor: divisor / share });
  const [soft, softTeacher] = [logits, teacher].map((values) => values.div(temperature));
  const targets = softTeacher.softmax();
  const [hardLosses, hardGradient] = crossEntropy(labels, logits, 1 - weight);
  // T^2 of the loss and 1 / T of the division leave T.
  const [softLosses, softGradient] = crossEntropy(targets, soft, weight * temperature);
  const [entropies] = crossEntropy(targets, softTeacher, 1);
  const divergences = softLosses.sub(entropies);
  return {
    losses: hardLosses.mul(1 - weight).add(divergences.mul(weight * temperature ** 2)),
    gradient: hardGradient.add(softGradient),
  };
}
