import { unlessRefused } from '../../qfx/errors.js';
import type { Quantizer } from '../quantizer.js';
import { tf } from '../tensorflow.js';
import { freezeBinaryPoints, openQuantizers, searchBinaryPoints } from './fixing.js';
import { runSteps } from './steps.js';
import type { Steps } from './steps.js';

/** The losses that decided where binary points are frozen. */
export interface SettledBinaryPoints {
  /** With every binary point at the better of the two integers next to its learned position, by squared error. */
  readonly neighbours: number;
  /** With every binary point where the squared error is smallest, of all plausible ones; absent where a layer could not compute exactly then. */
  readonly search?: number;
  /** With what was chosen: at most the smaller of the two. */
  readonly settled: number;
}

/** The losses that decided where binary points start that were known before. */
export interface StartedBinaryPoints {
  /** With every known binary point where it was, the others found behind; absent where a layer could not compute exactly then. */
  readonly known?: number;
  /** With every binary point where the squared error is smallest; absent likewise. */
  readonly search?: number;
  /** With what was chosen: at most the smaller of the two. */
  readonly settled: number;
}

/** Where the binary points of some quantizers could be, and the loss of the network with all of them there. */
interface Candidate {
  readonly points: readonly (readonly number[])[];
  readonly loss: number;
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
  return runSteps(settling(model, batch, lossOf));
}

/** The same in steps of one loss each. */
export function* settling(model: tf.LayersModel, batch: tf.Tensor, lossOf: () => number): Steps<SettledBinaryPoints> {
  const open = openQuantizers(model);
  const quantizers = [...open];
  const pointsNow = () => quantizers.map(({ binaryPoints }) => binaryPoints);
  freezeBinaryPoints(model, batch);
  const neighbours = { loss: lossOf(), points: pointsNow() };
  yield;
  const searched = canCompute(() => searchBinaryPoints(model, batch, open));
  const search = searched ? { loss: lossOf(), points: pointsNow() } : undefined;
  if (search === undefined) {
    quantizers.forEach((quantizer, index) => quantizer.freezeAt(neighbours.points[index]));
    return { neighbours: neighbours.loss, settled: neighbours.loss };
  }
  yield;
  const settled = yield* takeBetter(
    quantizers,
    [neighbours, search],
    exactLoss(model, batch, lossOf),
    (quantizer, points) => quantizer.freezeAt(points),
  );
  return { neighbours: neighbours.loss, search: search.loss, settled };
}

/**
 * Lets training start from the better of two places for each binary point, where some were known before: as it is, or where the
 * squared error is smallest; by the loss, and as `settleBinaryPoints` decides, in steps of one loss each. A poor start is left at
 * once, where gradients would take a good part of the run; one that a loss has found, as in a network that is trained further,
 * stays. Nothing is frozen by it.
 * @param open the quantizers to decide on: not frozen, with binary points
 * @param search places binary points that are not known, by squared error
 * @returns undefined where a layer can compute exactly in neither place
 */
export function* starting(
  model: tf.LayersModel,
  open: readonly Quantizer[],
  batch: tf.Tensor,
  search: () => void,
  lossOf: () => number,
): Steps<StartedBinaryPoints | undefined> {
  const loss = exactLoss(model, batch, lossOf);
  const pointsNow = () => open.map(({ positions }) => positions);
  const known = { points: pointsNow(), loss: loss() };
  yield;
  for (const quantizer of open) quantizer.forgetBinaryPoints();
  const isFound = canCompute(search);
  const searched = isFound ? { points: pointsNow(), loss: loss() } : { ...known, loss: Infinity };
  yield;
  const put = (quantizer: Quantizer, points: readonly number[]) => (quantizer.positions = points);
  const settled = yield* takeBetter(open, [known, searched], loss, put);
  if (settled === Infinity) return undefined;
  return {
    ...(known.loss < Infinity && { known: known.loss }),
    ...(searched.loss < Infinity && { search: searched.loss }),
    settled,
  };
}

/** The loss of a network, infinite where a layer cannot compute exactly. */
function exactLoss(model: tf.LayersModel, batch: tf.Tensor, lossOf: () => number): () => number {
  const infer = () =>
    tf.tidy(() => {
      const image = batch.slice(0, 1);
      model.apply(image, { training: false });
    });
  return () => (canCompute(infer) ? lossOf() : Infinity);
}

/** Whether a network computes exactly what `body` asks for; types that are too wide say that it doesn't. */
function canCompute(body: () => void): boolean {
  return unlessRefused(() => {
    body();
    return true;
  }, false);
}

/**
 * Puts all quantizers where the candidate with the smaller loss has them, the first if both are level, and then one after the
 * other where the other candidate has it, where that lowers the loss.
 * @returns the loss then
 */
function* takeBetter(
  quantizers: readonly Quantizer[],
  [first, second]: readonly [Candidate, Candidate],
  lossOf: () => number,
  put: (quantizer: Quantizer, points: readonly number[]) => void,
): Steps<number> {
  const [better, other] = second.loss < first.loss ? [second, first] : [first, second];
  quantizers.forEach((quantizer, index) => put(quantizer, better.points[index]));
  let smallest = better.loss;
  for (const [index, quantizer] of quantizers.entries()) {
    const [kept, tried] = [better.points[index], other.points[index]];
    if (kept.every((point, group) => point === tried[group])) continue;
    put(quantizer, tried);
    const loss = lossOf();
    if (loss < smallest) smallest = loss;
    else put(quantizer, kept);
    yield;
  }
  return smallest;
}
