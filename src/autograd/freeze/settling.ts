import { unlessRefused } from '../../qfx/errors.js';
import type { Quantizer } from '../quantizer.js';
import { tf } from '../tensorflow.js';
import { freezeBinaryPoints, openQuantizers, searchBinaryPoints } from './fixing.js';

/** The losses that decided. */
export interface SettledBinaryPoints {
  /** With every binary point at the better of the two integers next to its learned position, by squared error. */
  readonly neighbours: number;
  /** With every binary point where the squared error is smallest, of all plausible ones; absent where a layer could not compute exactly then. */
  readonly search?: number;
  /** With what was chosen: at most the smaller of the two. */
  readonly settled: number;
}

/** The binary points of one quantizer under both ways to choose them. */
interface Choice {
  readonly quantizer: Quantizer;
  readonly neighbours: readonly number[];
  readonly search: readonly number[];
}

/**
 * Freezes every binary point of a model where the loss is smaller: at the integer next to its learned position, or where the
 * squared error is smallest. Learning knows the loss but ends between two integers, a search knows what is best for the values
 * but not for the network. It starts from the better of both for the whole network, and takes for one quantizer after the
 * other the other one's choice where that lowers the loss. So it is never worse, by this loss, than either. A choice with which
 * a layer could not compute exactly is none.
 * @param batch inputs of the model, [images, ...shape], on which squared errors are measured
 * @param lossOf measures the loss of the model as it is, on images of its own choice; the same for equal weights
 * @throws QfxError where the network cannot be computed exactly as training left it
 */
export function settleBinaryPoints(model: tf.LayersModel, batch: tf.Tensor, lossOf: () => number): SettledBinaryPoints {
  const open = openQuantizers(model);
  const quantizers = [...open];
  const pointsNow = () => quantizers.map(({ binaryPoints }) => binaryPoints);
  freezeBinaryPoints(model, batch);
  const neighbours = { loss: lossOf(), points: pointsNow() };
  const searched = canCompute(() => searchBinaryPoints(model, batch, open));
  const search = searched ? { loss: lossOf(), points: pointsNow() } : undefined;
  if (search === undefined) {
    quantizers.forEach((quantizer, index) => quantizer.freezeAt(neighbours.points[index]));
    return { neighbours: neighbours.loss, settled: neighbours.loss };
  }
  const choices = quantizers.map((quantizer, index): Choice => {
    return { quantizer, neighbours: neighbours.points[index], search: search.points[index] };
  });
  const image = batch.slice(0, 1);
  const isExact = () => canCompute(() => tf.tidy(() => void model.apply(image, { training: false })));
  const start = neighbours.loss <= search.loss ? 'neighbours' : 'search';
  const settled = improve(choices, start, Math.min(neighbours.loss, search.loss), () =>
    isExact() ? lossOf() : Infinity,
  );
  image.dispose();
  return { neighbours: neighbours.loss, search: search.loss, settled };
}

/** Whether a network computes exactly what `body` asks for; types that are too wide say that it doesn't. */
function canCompute(body: () => void): boolean {
  return unlessRefused(() => {
    body();
    return true;
  }, false);
}

/** Takes the other choice wherever that lowers the loss, one quantizer after the other. */
function improve(
  choices: readonly Choice[],
  start: 'neighbours' | 'search',
  startLoss: number,
  lossOf: () => number,
): number {
  const other = start === 'neighbours' ? 'search' : 'neighbours';
  for (const choice of choices) choice.quantizer.freezeAt(choice[start]);
  let smallest = startLoss;
  for (const choice of choices) {
    if (choice.neighbours.every((point, channel) => point === choice.search[channel])) continue;
    choice.quantizer.freezeAt(choice[other]);
    const loss = lossOf();
    if (loss < smallest) smallest = loss;
    else choice.quantizer.freezeAt(choice[start]);
  }
  return smallest;
}
