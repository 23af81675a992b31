import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { initializeBackend } from '../../../src/autograd/backend.js';
import { crossEntropyKernel } from '../../../src/autograd/kernels/cross-entropy.js';
import { runKernel, tf } from '../../../src/autograd/tensorflow.js';
import { countRuns, expectClose, onBothBackends, pick, randomNumbers, randomSource, toNumbers } from './support.js';
import type { Numbers } from './support.js';

beforeAll(() => initializeBackend('wasm'));

const size = (minimum: number, maximum: number) => fc.integer({ min: minimum, max: maximum });
const seed = fc.integer({ min: 0, max: 1e6 });

/** The kernel on the backend's memory, and its portable form. */
function bothForms(labels: Numbers, logits: Numbers, divisor: number): [Numbers[], Numbers[]] {
  const [labelsTensor, logitsTensor] = [labels, logits].map(({ values, shape }) => tf.tensor(values, shape));
  const outputs = runKernel(crossEntropyKernel.name, { labels: labelsTensor, logits: logitsTensor }, { divisor });
  const heap = outputs.map(toNumbers);
  tf.dispose([labelsTensor, logitsTensor, ...outputs]);
  const shapes = [labels.shape, logits.shape];
  const portable = crossEntropyKernel.outputShapes(shapes, { divisor }).map((shape) => ({
    shape,
    values: new Float32Array(shape.reduce((product, length) => product * length, 1)),
  }));
  const [losses, gradient] = portable.map(({ values }) => values);
  crossEntropyKernel.compute([labels.values, logits.values], [losses, gradient], shapes, { divisor });
  return [heap, portable];
}

describe('softmax cross-entropy', () => {
  it('equals the cpu backend, for any shape, labels, weights and reduction', async () => {
    const property = fc.asyncProperty(
      fc.array(size(1, 9), { maxLength: 2 }),
      size(1, 13),
      fc.constantFrom(0.1, 1, 20),
      fc.constantFrom('one-hot', 'soft'),
      fc.constantFrom('MEAN', 'NONE', 'SUM', 'SUM_BY_NONZERO_WEIGHTS'),
      fc.boolean(),
      seed,
      async (rows, classes, scale, kind, reduction, isWeighted, start) => {
        const random = randomSource(start);
        const shape = [...rows, classes];
        const logits = randomNumbers(shape, random);
        const scaled = { shape, values: logits.values.map((value) => value * scale) };
        const count = scaled.values.length / classes;
        const labels = new Float32Array(scaled.values.length);
        for (let row = 0; row < count; row++) {
          const of = labels.subarray(row * classes, (row + 1) * classes);
          of[pick(random, 0, classes - 1)] = 1;
          if (kind === 'soft') of.forEach((label, index) => (of[index] = label / 2 + 1 / (2 * classes)));
        }
        const weights = randomNumbers(rows, random).values.map((weight, index) => (index % 3 === 1 ? 0 : weight + 2));
        const operation = (x: tf.Tensor) =>
          tf.losses.softmaxCrossEntropy(
            tf.tensor(labels, shape),
            x,
            isWeighted ? tf.tensor(weights, rows) : undefined,
            0,
            tf.Reduction[reduction],
          );
        const { reference, tested } = await onBothBackends(operation, [scaled], random);
        expectClose(tested.value, reference.value, 'value');
        expectClose(tested.gradients[0], reference.gradients[0], 'gradient');
      },
    );
    await fc.assert(property, { seed: 1, numRuns: 80 });
  });

  it('has the gradient of labels that the library gives them', async () => {
    const random = randomSource(2);
    const inputs = [randomNumbers([5, 4], random), randomNumbers([5, 4], random)];
    const operation = (labels: tf.Tensor, logits: tf.Tensor) => tf.losses.softmaxCrossEntropy(labels, logits);
    const { reference, tested } = await onBothBackends(operation, inputs, random);
    tested.gradients.forEach((gradient, index) => expectClose(gradient, reference.gradients[index], `input ${index}`));
  });

  it('equals its portable form, over all that logits may be', () => {
    const special = [0, -0, 1e-30, 88, -88, 103.9, -104, 708, -707.9, -708.1, -745, 1e4, 1e37, -1e37];
    const property = fc.property(
      size(1, 5),
      size(1, 9),
      fc.constantFrom(1, 7, 64),
      seed,
      (rows, classes, divisor, start) => {
        const random = randomSource(start);
        const shape = [rows, classes];
        const values = randomNumbers(shape, random).values.map((value) =>
          random() < 0.4 ? special[pick(random, 0, special.length - 1)] : value * 2 ** pick(random, -20, 10),
        );
        const labels = randomNumbers(shape, random).values.map(Math.abs);
        const [heap, portable] = bothForms({ shape, values: labels }, { shape, values }, divisor);
        heap.forEach((output, index) => expectClose(output, portable[index], ['losses', 'gradient'][index]));
      },
    );
    fc.assert(property, { seed: 3, numRuns: 500 });
  });

  it('rounds each loss and slope once, from its own exponential function and logarithm', () => {
    // One row a distance: the loss is log(1 + e^-distance), and the slope of the other class e^-distance / (1 + e^-distance).
    const distances = Array.from({ length: 20_000 }, (_, index) => Math.fround((index * 87) / 20_000));
    const shape = [distances.length, 2];
    const logits = { shape, values: Float32Array.from(distances.flatMap((distance) => [0, -distance])) };
    const labels = { shape, values: Float32Array.from(distances.flatMap(() => [1, 0])) };
    const [heap, portable] = bothForms(labels, logits, 1);
    const unitsApart = (a: number, b: number) =>
      Math.abs(new Int32Array(Float32Array.of(a).buffer)[0] - new Int32Array(Float32Array.of(b).buffer)[0]);
    heap.forEach(({ values }, output) => {
      const differing = values.filter((value, index) => unitsApart(value, portable[output].values[index]) > 0);
      values.forEach((value, index) =>
        expect(unitsApart(value, portable[output].values[index])).toBeLessThanOrEqual(1),
      );
      // Only where a double lies half-way between two float32 may the last bit of one matter.
      expect(differing.length).toBeLessThan(5);
    });
  });

  it('is NaN where a logit is not finite', () => {
    for (const values of [
      [1, NaN, 2],
      [NaN, 1, 2],
      [Infinity, 0, 0],
    ]) {
      const shape = [1, 3];
      const forms = bothForms(
        { shape, values: Float32Array.of(0, 1, 0) },
        { shape, values: Float32Array.from(values) },
        1,
      );
      for (const [losses] of forms) expect(losses.values).toEqual(Float32Array.of(NaN));
    }
  });

  it('serves the library, and leaves to it what it does not', async () => {
    const labels = tf.tensor2d([[0, 1]], [1, 2], 'int32');
    const logits = tf.tensor2d([[0, 0]]);
    const counted = await countRuns(crossEntropyKernel.name, () => {
      expect(tf.losses.softmaxCrossEntropy(labels, logits).dataSync()[0]).toBeCloseTo(Math.log(2), 6);
    });
    expect(counted).toBe(1);
    const left = await countRuns(crossEntropyKernel.name, () => {
      tf.losses.softmaxCrossEntropy(labels, logits, undefined, 0.5);
      tf.losses.softmaxCrossEntropy([[0, 1]], [[0, 0]]);
      expect(() => tf.losses.softmaxCrossEntropy(labels, tf.tensor2d([[0, 0, 0]]))).toThrow(/softmaxCrossEntropy/);
    });
    expect(left).toBe(0);
  });
});
