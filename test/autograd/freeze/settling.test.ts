import { beforeAll, describe, expect, it } from 'vitest';
import { createLayers, quantizersOf, settleBinaryPoints, tf } from '../../../src/autograd/index.js';
import { QfxError } from '../../../src/qfx/errors.js';
import { startTestedBackend } from '../../support/backend.js';
import { runSteps } from '../../../src/autograd/freeze/steps.js';
import { starting } from '../../../src/autograd/freeze/settling.js';
import { byteImages, residualNetwork, trainABit } from './networks.js';

beforeAll(startTestedBackend);

const pointsOf = (model: tf.LayersModel) => quantizersOf(model).map(({ quantizer }) => quantizer.binaryPoints);

/** A dense layer whose weights need other binary points than its output, and where training left both. */
function smallNetwork(positions: { readonly weights: number; readonly output: number }) {
  const q = createLayers({ seed: 1 });
  const layer = q.dense({ name: 'd', units: 2, useBias: false, weights: { wordLength: 4 }, output: { wordLength: 6 } });
  const model = tf.sequential({ layers: [q.input({ inputShape: [2], wordLength: 8, binaryPoint: 8 }), layer] });
  const x = tf.tensor2d([0.5, 0.25, 0.125, 0.75, 0.25, 0.5], [3, 2]);
  layer.setWeights([tf.tensor2d([0.9, -0.8, 0.3, 0.7], [2, 2]), ...layer.getWeights().slice(1)]);
  tf.tidy(() => void model.apply(x, { training: true }));
  layer.quantizers.get('weights')!.positions = [positions.weights];
  layer.quantizers.get('output')!.positions = [positions.output];
  return { model, x };
}

/** Two dense layers; where a search places the weights of the first, all their bits are used, and sums take more than 24. */
function wideNetwork() {
  const q = createLayers({ seed: 1, weights: { wordLength: 18 } });
  const first = q.dense({ name: 'first', units: 2, useBias: false, output: 'exact' });
  const model = tf.sequential({
    layers: [q.input({ inputShape: [2], wordLength: 8, binaryPoint: 8 }), first, q.dense({ name: 'd', units: 2 })],
  });
  const x = tf.tensor2d([0.5, 0.25, 0.125, 0.75], [2, 2]);
  first.setWeights([tf.tensor2d([1.5, -1.25, 0.875, 1], [2, 2]), ...first.getWeights().slice(1)]);
  tf.tidy(() => void model.apply(x, { training: true }));
  return { model, weights: first.quantizers.get('weights')!, x };
}

describe('starting', () => {
  /** Decides on both quantizers of a small network. */
  function startWith(positions: Parameters<typeof smallNetwork>[0], lossOf: (points: number[]) => number) {
    const { model, x } = smallNetwork(positions);
    const given = quantizersOf(model)
      .filter(({ layer }) => layer === 'd')
      .map(({ quantizer }) => quantizer);
    let searched: number[] = [];
    const search = () => {
      tf.tidy(() => void model.apply(x, { training: true }));
      searched = given.flatMap((one) => one.positions);
    };
    const losses = runSteps(starting(model, given, x, search, () => lossOf(given.flatMap((one) => one.positions))));
    expect(given.some(({ isFrozen }) => isFrozen)).toBe(false);
    return { losses, searched, started: given.flatMap((one) => one.positions) };
  }

  it('starts from a given place where that is the better one, and where both are level', () => {
    const given = [1, 2.5];
    const better = startWith({ weights: 1, output: 2.5 }, ([weights]) => weights);
    expect(better.started).toEqual(given);
    expect(better.losses).toMatchObject({ known: 1, settled: 1 });
    expect(startWith({ weights: 1, output: 2.5 }, () => 3).started).toEqual(given);
  });

  it('leaves a poor one', () => {
    const { started, searched, losses } = startWith(
      { weights: -4, output: -4 },
      ([weights, output]) => -weights - output,
    );
    expect(started).toEqual(searched);
    expect(losses).toEqual({ known: 8, search: -searched[0] - searched[1], settled: -searched[0] - searched[1] });
  });

  it('follows the loss for one quantizer and the search for the other', () => {
    const { started, searched, losses } = startWith(
      { weights: -4, output: 1 },
      ([weights, output]) => output - 2 * weights,
    );
    expect(started).toEqual([searched[0], 1]);
    expect(losses!.settled).toBe(1 - 2 * searched[0]);
    expect(losses!.settled).toBeLessThan(Math.min(losses!.known!, losses!.search!));
  });

  it('takes no place where a layer could not compute exactly', () => {
    const { model, weights, x } = wideNetwork();
    const search = () => tf.tidy(() => void model.apply(x, { training: true }));
    weights.positions = [2.5];
    expect(runSteps(starting(model, [weights], x, search, () => 1))).toEqual({ known: 1, settled: 1 });
    expect(weights.positions).toEqual([2.5]);

    // Neither the searched place nor one beside it will do; or none is found.
    weights.forgetBinaryPoints();
    search();
    weights.positions = weights.positions.map((position) => position - 0.25);
    const wide = weights.positions;
    expect(runSteps(starting(model, [weights], x, search, () => 1))).toBeUndefined();
    expect(weights.positions).toEqual(wide);
    weights.positions = [2.5];
    const refused = () => {
      throw new QfxError('search', 'is refused');
    };
    expect(runSteps(starting(model, [weights], x, refused, () => 1))).toEqual({ known: 1, settled: 1 });
    expect(weights.positions).toEqual([2.5]);
  });
});

describe('settleBinaryPoints', () => {
  it('is never worse than either way to choose, and says what it measured', async () => {
    for (const seed of [7, 8, 9]) {
      const model = residualNetwork();
      await trainABit(model);
      const x = byteImages(32, [6, 6, 2], seed);
      // Any function of the weights is a loss: this one prefers small results, which no squared error knows.
      const lossOf = () => tf.tidy(() => (model.apply(x, { training: true }) as tf.Tensor).abs().mean().dataSync()[0]);
      const { neighbours, search, settled } = settleBinaryPoints(model, x, lossOf);
      expect(settled).toBeLessThanOrEqual(Math.min(neighbours, search as number));
      expect(lossOf()).toBe(settled);
      expect(quantizersOf(model).every(({ quantizer }) => quantizer.isFrozen)).toBe(true);
      const points = pointsOf(model);
      await trainABit(model);
      expect(pointsOf(model)).toEqual(points);
    }
  });

  it('follows the loss for one quantizer and the search for the other', () => {
    const { model, x } = smallNetwork({ weights: 0.4, output: 9.4 });
    const [weights, output] = quantizersOf(model).filter(({ layer }) => layer === 'd');
    const searched = { weights: weights.quantizer.initialBinaryPoints, output: output.quantizer.initialBinaryPoints };
    // Wants the weights as they were left, coarse, and the output fine and in range.
    const lossOf = () => {
      const isCoarse = weights.quantizer.binaryPoints[0] <= 1;
      const isInRange = output.quantizer.binaryPoints[0] < 9;
      return (isCoarse ? 0 : 2) + (isInRange ? 0 : 1);
    };
    const { neighbours, search, settled } = settleBinaryPoints(model, x, lossOf);
    expect([neighbours, search, settled]).toEqual([1, 2, 0]);
    expect([0, 1]).toContain(weights.quantizer.binaryPoints[0]);
    expect(weights.quantizer.binaryPoints).not.toEqual(searched.weights);
    expect(output.quantizer.binaryPoints[0]).toBeLessThan(9);
  });

  it('does without choices that a layer could not compute exactly', () => {
    const { model, weights, x } = wideNetwork();
    // Training has left them where few of the bits are used; a search uses all, which makes sums of more than 24 bits.
    weights.positions = [3.2];
    expect(settleBinaryPoints(model, x, () => 1)).toEqual({ neighbours: 1, settled: 1 });
    expect([3, 4]).toContain(weights.binaryPoints[0]);
    tf.tidy(() => void model.apply(x, { training: false }));
  });

  it('leaves alone what is frozen already or was given', () => {
    const { model, x } = smallNetwork({ weights: 1.2, output: 4.4 });
    const [weights] = quantizersOf(model).filter(({ layer }) => layer === 'd');
    weights.quantizer.freezeAt([-2]);
    settleBinaryPoints(model, x, () => 0);
    expect(weights.quantizer.binaryPoints).toEqual([-2]);
  });
});
