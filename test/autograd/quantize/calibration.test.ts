import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { firstImages, initializeBackend, tf, withoutQuantizers } from '../../../src/autograd/index.js';
import { buildNetwork } from '../../../src/autograd/quantize/build.js';
import {
  channelMeans,
  correctBias,
  keepIfCloser,
  movableQuantizers,
  outputError,
  placeAll,
  summandsOf,
  tryNeighbours,
} from '../../../src/autograd/quantize/calibration.js';
import type { Reference } from '../../../src/autograd/quantize/calibration.js';
import { readFloatModel } from '../../../src/autograd/quantize/float-model.js';
import { LayerValues } from '../../../src/autograd/quantize/layer-values.js';
import { planNetwork } from '../../../src/autograd/quantize/plan.js';
import { whileVisiting } from '../../../src/autograd/layers/visiting.js';
import type { Quantizer } from '../../../src/autograd/quantizer.js';
import { modelWeights } from '../../../src/autograd/train/model-weights.js';
import { bars } from '../../train/synthetic.js';
import { everything } from './float-networks.js';

const data = bars({ train: 40, test: 10 });
const short = { wordLength: 3 };
const input = { wordLength: 8, binaryPoint: 8, signed: false };

let model: tf.LayersModel;
let values: LayerValues;
let reference: Reference;
beforeAll(() => initializeBackend());
beforeEach(() => {
  const plan = planNetwork(readFloatModel(everything()), 'keep', 'test');
  model = buildNetwork(plan, { weights: short, activations: short }, input, 'test');
  values = new LayerValues(model, firstImages(data.train, data.shape, 40));
  withoutQuantizers(() => values.refresh());
  const means = new Map(model.layers.slice(1).map((layer) => [layer, channelMeans(values.of(layer))]));
  reference = { output: values.outputs.clone(), means };
  placeAll(values);
});
afterEach(() => values.dispose());

const error = () => outputError(values.outputs, reference);
const weightsNow = () => modelWeights(model).map(({ key, read }) => [key, [...read()]]);

/** The error that a network really has, with all of its values computed anew. */
function measured(): number {
  values.refresh();
  return error();
}

describe('a step of calibration', () => {
  it('leaves no trace where it brings the output no closer, and is kept where it does', () => {
    const [before, errorBefore] = [weightsNow(), error()];
    const kernel = model.getLayer('hidden').weights[0];
    keepIfCloser(model, values, reference, () => tf.tidy(() => void kernel.write(kernel.read().mul(-1))));
    expect(weightsNow()).toEqual(before);
    expect(measured()).toBe(errorBefore);

    const classes = model.getLayer('classes').weights[0];
    const right = classes.read().clone();
    tf.tidy(() => void classes.write(right.mul(0)));
    placeAll(values);
    const wrong = error();
    keepIfCloser(model, values, reference, () => void classes.write(right));
    expect(error()).toBeLessThan(wrong);
    expect(weightsNow()).toEqual(before);
  });

  it.each([
    [
      'bias correction',
      () => summandsOf(model).map((summand) => (e: number) => correctBias(summand, values, reference, e)),
    ],
    [
      'neighbours',
      () =>
        movableQuantizers(model).map(
          ({ layer, quantizer }) =>
            (e: number) =>
              tryNeighbours(layer, quantizer, values, reference, e),
        ),
    ],
  ])('%s never makes the output worse, changes nothing where it does not help, and says the error', (_, stepsOf) => {
    let helped = 0;
    for (const step of stepsOf()) {
      const [before, errorBefore] = [weightsNow(), error()];
      const after = step(errorBefore);
      expect(after).toBeLessThanOrEqual(errorBefore);
      if (after < errorBefore) helped++;
      else expect(weightsNow()).toEqual(before);
      expect(measured()).toBe(after);
    }
    expect(helped).toBeGreaterThan(0);
    expect(helped).toBeLessThan(stepsOf().length);
  });

  it('neighbours are none where they saturate, even if that brings the output closer', () => {
    // Whatever makes values smaller brings the output closer to this one.
    const still = { ...reference, output: tf.zerosLike(reference.output) };
    let moved = 0;
    for (const { layer, quantizer } of movableQuantizers(model)) {
      const { positions } = quantizer;
      const before = ownError(quantizer);
      tryNeighbours(layer, quantizer, values, still, outputError(values.outputs, still));
      expect(ownError(quantizer)).toBeLessThanOrEqual(8 * before);
      if (quantizer.positions.join() !== positions.join()) moved++;
      quantizer.positions = positions;
      values.refresh();
    }
    expect(moved).toBeGreaterThan(0);
  });

  /** What the cast of a quantizer costs now. */
  function ownError(quantizer: Quantizer): number {
    let found = 0;
    const look = (visited: Quantizer, exact: tf.Tensor) => {
      if (visited === quantizer) found = quantizer.meanSquaredError(exact);
    };
    whileVisiting(look, () => values.refresh());
    return found;
  }
});
