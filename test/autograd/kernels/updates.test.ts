import fc from 'fast-check';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { initializeBackend } from '../../../src/autograd/backend.js';
import { adamKernel, descentKernel, momentumKernel } from '../../../src/autograd/kernels/updates.js';
import { replaceUpdate } from '../../../src/autograd/tensorflow-optimizers.js';
import type { LibraryOptimizer } from '../../../src/autograd/tensorflow-optimizers.js';
import type { PlainKernel } from '../../../src/autograd/tensorflow-kernels.js';
import { runKernel, startBackend, tf } from '../../../src/autograd/tensorflow.js';
import { countRuns, expectClose, randomNumbers, randomSource, toNumbers } from './support.js';
import type { Numbers } from './support.js';

beforeAll(() => initializeBackend('wasm'));

const size = (minimum: number, maximum: number) => fc.integer({ min: minimum, max: maximum });
const seed = fc.integer({ min: 0, max: 1e6 });

/** The kernel on the backend's memory gives the bits of its portable form, which may also write over its inputs. */
function compareForms<Attributes extends object>(kernel: PlainKernel<Attributes>, attributes: Attributes): void {
  const property = fc.property(size(1, 70), seed, (count, start) => {
    const random = randomSource(start);
    const inputs = kernel.inputs.map((name) => {
      const { values } = randomNumbers([count], random);
      return values.map((value) => (name === 'second' ? value * value : value) * 2 ** (-20 * random()));
    });
    const tensors = inputs.map((values) => tf.tensor1d(values));
    const named = Object.fromEntries(kernel.inputs.map((name, index) => [name, tensors[index]]));
    const outputs = runKernel(kernel.name, named, attributes);
    const found = outputs.map((tensor) => toNumbers(tensor).values);
    tf.dispose([...tensors, ...outputs]);
    const expected = outputs.map(() => new Float32Array(count));
    kernel.compute(inputs, expected, [], attributes);
    expect(found).toEqual(expected);
    const [x, gradient, ...moments] = inputs;
    kernel.compute([x, gradient, ...moments], [x, ...moments], [], attributes);
    expect([x, ...moments]).toEqual(expected);
  });
  fc.assert(property, { seed: 1, numRuns: 100 });
}

describe('updates on the memory of the wasm backend', () => {
  it('equal their portable forms bit by bit', () => {
    compareForms(descentKernel, { rate: 0.3 });
    for (const nesterov of [false, true]) compareForms(momentumKernel, { rate: 0.3, momentum: 0.9, nesterov });
    compareForms(adamKernel, { rate: 0.01, correction: 3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 });
  });
});

/** The library's optimisers, with the kernel that each runs on. */
const optimizers: Record<string, { kernel: string; make: () => tf.Optimizer }> = {
  sgd: { kernel: descentKernel.name, make: () => tf.train.sgd(0.1) },
  momentum: { kernel: momentumKernel.name, make: () => tf.train.momentum(0.1, 0.8) },
  'momentum of Nesterov': { kernel: momentumKernel.name, make: () => tf.train.momentum(0.1, 0.8, true) },
  adam: { kernel: adamKernel.name, make: () => tf.train.adam(0.05, 0.8, 0.99) },
};

/** Weights and the optimiser's state after steps with given gradients; in the middle the state is saved and loaded. */
async function trained(backend: 'cpu' | 'wasm', make: () => tf.Optimizer, shapes: number[][], start: number) {
  await startBackend(backend);
  const random = randomSource(start);
  let optimizer = make();
  const weights = shapes.map((shape) => tf.variable(tf.tensor(randomNumbers(shape, random).values, shape)));
  for (let step = 0; step < 6; step++) {
    const gradients = weights.map(({ name, shape }, index) => {
      const { values } = randomNumbers(shape, random);
      // The second weight has no gradient in the first steps.
      const tensor = index === 1 && step < 2 ? null : tf.tensor(values, shape);
      return { name, tensor: tensor as tf.Tensor };
    });
    optimizer.applyGradients(step % 2 === 0 ? gradients : Object.fromEntries(gradients.map((g) => [g.name, g.tensor])));
    tf.dispose(gradients.map(({ tensor }) => tensor));
    if (step !== 2) continue;
    const saved = await optimizer.getWeights();
    const loaded = make();
    await loaded.setWeights(saved.map(({ name, tensor }) => ({ name, tensor: tensor.clone() })));
    optimizer = loaded;
  }
  const state = await optimizer.getWeights();
  const names = state.map(({ name }) => weights.reduce((text, w, index) => text.replace(w.name, `w${index}`), name));
  const numbers: Numbers[] = [...weights, ...state.map(({ tensor }) => tensor)].map(toNumbers);
  tf.dispose(weights);
  return { names, numbers, iterations: optimizer.iterations };
}

describe("the library's optimisers", () => {
  for (const [name, { kernel, make }] of Object.entries(optimizers)) {
    it(`${name}: weights, state and saving as on the cpu backend`, async () => {
      const property = fc.asyncProperty(
        fc.array(fc.array(size(1, 7), { maxLength: 3 }), { minLength: 2, maxLength: 3 }),
        seed,
        async (shapes, start) => {
          const reference = await trained('cpu', make, shapes, start);
          const tested = await trained('wasm', make, shapes, start);
          expect(tested.names).toEqual(reference.names);
          expect(tested.iterations).toBe(6);
          tested.numbers.forEach((numbers, index) => expectClose(numbers, reference.numbers[index], `tensor ${index}`));
        },
      );
      await fc.assert(property, { seed: 2, numRuns: 20 });
    });

    it(`${name}: runs on its kernel in model.fit, leaves no tensor behind and repeats bit for bit`, async () => {
      await startBackend('wasm');
      const fit = async () => {
        const init = tf.initializers.glorotUniform({ seed: 5 });
        const dense = tf.layers.dense({ inputShape: [3], units: 2, kernelInitializer: init });
        const model = tf.sequential({ layers: [dense] });
        model.compile({ optimizer: make(), loss: 'meanSquaredError' });
        const [x, y] = [tf.ones([4, 3]), tf.zeros([4, 2])];
        await model.trainOnBatch(x, y);
        const before = tf.memory().numTensors;
        const runs = await countRuns(kernel, async () => void tf.dispose(await model.trainOnBatch(x, y)));
        expect(tf.memory().numTensors).toBe(before);
        expect(runs).toBe(2);
        return model.getWeights().map(toNumbers);
      };
      expect(await fit()).toEqual(await fit());
    });
  }

  it('take another learning rate between two steps', async () => {
    await startBackend('wasm');
    const optimizer = tf.train.sgd(1);
    const weight = tf.variable(tf.scalar(0));
    const step = () => {
      optimizer.applyGradients([{ name: weight.name, tensor: tf.scalar(1) }]);
      return weight.dataSync()[0];
    };
    expect(step()).toBe(-1);
    (optimizer as tf.SGDOptimizer).setLearningRate(0.25);
    expect(step()).toBe(-1.25);
  });

  it('compute as before, with one warning, where they are of another shape', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const calls: unknown[] = [];
    class Later implements LibraryOptimizer {
      applyGradients(gradients: unknown): void {
        calls.push(gradients);
      }
      incrementIterations(): void {
        expect.fail('is not called');
      }
    }
    replaceUpdate<{ rate: number }>(Later.prototype, {
      kernelName: descentKernel.name,
      slots: [],
      attributes: () => expect.fail('is not called'),
      fits: ({ rate }) => rate !== undefined,
    });
    const gradients = {};
    new Later().applyGradients(gradients as never);
    new Later().applyGradients(gradients as never);
    expect(calls).toEqual([gradients, gradients]);
    expect(warn.mock.calls.map(([message]) => String(message))).toEqual([expect.stringMatching(/another shape/)]);
    warn.mockRestore();
  });
});
