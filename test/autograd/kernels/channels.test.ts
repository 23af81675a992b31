import { beforeAll, describe, expect, it } from 'vitest';
import { initializeBackend } from '../../../src/autograd/backend.js';
import { cast, thetaInputs } from '../../../src/autograd/kernels/cast.js';
import { addBias, channelKernels } from '../../../src/autograd/kernels/channels.js';
import type { AffineAttributes } from '../../../src/autograd/kernels/channels.js';
import { channelMoments, moveMoments, normalize } from '../../../src/autograd/kernels/normalization.js';
import { normalizationKernels } from '../../../src/autograd/kernels/normalization.js';
import { runKernel, tf } from '../../../src/autograd/tensorflow.js';
import { overflows, roundings } from '../../../src/qfx/number/type.js';
import { expectClose, onBothBackends, pick, randomNumbers, randomSource, toNumbers, toTensor } from './support.js';
import type { Numbers } from './support.js';

beforeAll(() => initializeBackend('wasm'));

const axesButLast = (x: tf.Tensor) => x.shape.map((_, axis) => axis).slice(0, -1);

function randomShape(trial: number, random: () => number): number[] {
  return trial % 2 === 0
    ? [pick(random, 2, 40), pick(random, 1, 9)]
    : [3, pick(random, 1, 6), pick(random, 1, 5), pick(random, 1, 33)];
}

describe('functions of channels equal the library', () => {
  it('for x + bias and its gradients', async () => {
    const random = randomSource(21);
    for (let trial = 0; trial < 40; trial++) {
      const shape = randomShape(trial, random);
      const inputs = [shape, shape.slice(-1)].map((size) => randomNumbers(size, random));
      const operation = (x: tf.Tensor, bias: tf.Tensor) =>
        tf.getBackend() === 'wasm' ? addBias(x, bias, {}) : x.add(bias);
      const { reference, tested } = await onBothBackends(operation, inputs, random);
      expect(tested.value, `value for [${shape}]`).toEqual(reference.value);
      tested.gradients.forEach((gradient, index) =>
        expectClose(gradient, reference.gradients[index], `gradient ${index} for [${shape}]`),
      );
    }
  });

  it('for x + bias with the cast of the bias in it, as with a cast before', async () => {
    const random = randomSource(23);
    await initializeBackend('wasm');
    for (const learned of ['binary point', 'word length', 'nothing']) {
      const shape = [33, 7];
      const [x, bias] = [shape, [7]].map((size) => tf.variable(toTensor(randomNumbers(size, random))));
      const [outputTheta, ...thetas] = [0.25, 0.5, 0.125].map((value) => tf.variable(tf.tensor([value])));
      const attributes = (wordLength: number) =>
        ({ signed: true, wordLength, rounding: 'AP_RND', overflow: 'AP_SAT', binaryPoints: [3] }) as const;
      // Some values of both saturate.
      const ofBias = {
        attributes: { ...attributes(4), binaryPoints: [4], positionScale: 0.5 },
        ...(learned !== 'nothing' && { theta: thetas[0] }),
        ...(learned === 'word length' && { integerTheta: thetas[1] }),
      };
      const output = { attributes: attributes(4), theta: outputTheta };
      const dy = toTensor(randomNumbers(shape, random));
      const variables = [x, bias, outputTheta, ...thetaInputs(ofBias)] as tf.Variable[];
      expect(variables).toHaveLength({ nothing: 3, 'binary point': 4, 'word length': 5 }[learned] as number);
      const run = (operation: () => tf.Tensor) => {
        const { value, grads } = tf.variableGrads(() => operation().mul(dy).sum().asScalar(), variables);
        return [value, ...variables.map(({ name }) => grads[name])].map((tensor) => [...tensor.dataSync()]);
      };
      const together = run(() => addBias(x, bias, { bias: ofBias, output }));
      expect(together).toEqual(run(() => addBias(x, cast(bias, ofBias), { output })));
      for (const gradient of together.slice(4)) expect(gradient).not.toEqual([0]);
    }
  });

  for (const isOfBatch of [true, false]) {
    it(`for a normalisation with ${isOfBatch ? "the batch's" : 'given'} moments and its gradients`, async () => {
      const random = randomSource(22);
      const epsilon = 0.01;
      for (let trial = 0; trial < 40; trial++) {
        const shape = randomShape(trial, random);
        const channels = shape.slice(-1);
        const inputs = [shape, channels, channels].map((size) => randomNumbers(size, random));
        const given = [channels, channels].map((size) => randomNumbers(size, random));
        given[1].values.forEach((value, index) => (given[1].values[index] = Math.abs(value)));
        const operation = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) => {
          if (tf.getBackend() === 'wasm') {
            const moments = isOfBatch ? channelMoments(x) : tf.stack(given.map(toTensor));
            return normalize({ x, gamma, beta, moments }, { epsilon, isOfBatch, casts: {} });
          }
          const { mean, variance } = isOfBatch
            ? tf.moments(x, axesButLast(x))
            : { mean: toTensor(given[0]), variance: toTensor(given[1]) };
          return x.sub(mean).div(variance.add(epsilon).sqrt()).mul(gamma).add(beta);
        };
        const { reference, tested } = await onBothBackends(operation, inputs, random);
        expectClose(tested.value, reference.value, `value for [${shape}]`);
        tested.gradients.forEach((gradient, index) =>
          expectClose(gradient, reference.gradients[index], `gradient ${index} for [${shape}]`),
        );
      }
    });
  }

  it.each([true, false])('for a normalisation with learned formats of a and b, of the batch: %s', async (isOfBatch) => {
    const random = randomSource(25);
    await initializeBackend('wasm');
    const epsilon = 0.01;
    for (const groups of [1, 7]) {
      for (const learned of [['scale'], ['offset'], ['scale', 'offset']]) {
        const [x, gamma, beta] = [[33, 7], [7], [7]].map((size) => tf.variable(toTensor(randomNumbers(size, random))));
        const { mean, variance } = tf.moments(x, 0);
        const thetas: tf.Variable[] = [];
        const theta = () => {
          thetas.push(tf.variable(toTensor(randomNumbers([groups], random))));
          return thetas[thetas.length - 1];
        };
        // Words of 0 to 8 bits: some values of both saturate, and some channels are 0.
        const part = (role: string) => ({
          attributes: {
            ...({ signed: true, rounding: 'AP_RND', overflow: 'AP_SAT', positionScale: 0.5 } as const),
            wordLength: groups > 1 ? 8 : 5,
            binaryPoints: Array.from({ length: groups }, (_, group) => 5 - (group % 2)),
            ...(groups > 1 && { wordLengths: [3, 7, 0, 2, 8, 4, 3] }),
          },
          theta: theta(),
          ...(learned.includes(role) && { integerTheta: theta() }),
        });
        const casts = { scale: part('scale'), offset: part('offset') };
        const dy = toTensor(randomNumbers([33, 7], random));
        const variables = [x, gamma, beta, ...thetas];
        const run = (operation: () => tf.Tensor) => {
          const { value, grads } = tf.variableGrads(() => operation().mul(dy).sum().asScalar(), variables);
          return [value, ...variables.map(({ name }) => grads[name])].map(toNumbers);
        };
        const together = run(() => {
          const moments = isOfBatch ? channelMoments(x) : tf.stack([mean, variance]);
          return normalize({ x, gamma, beta, moments }, { epsilon, isOfBatch, casts });
        });
        const apart = run(() => {
          const moments = isOfBatch ? tf.moments(x, 0) : { mean, variance };
          const scale = cast(gamma.div(moments.variance.add(epsilon).sqrt()), casts.scale);
          return x.mul(scale).add(cast(beta.sub(moments.mean.mul(scale)), casts.offset));
        });
        together.forEach((numbers, index) => expectClose(numbers, apart[index], `part ${index}, ${learned}`));
        for (const { values } of together.slice(4)) expect(values.some((value) => value !== 0)).toBe(true);
      }
    }
  });

  it('for moments and moving moments', async () => {
    const random = randomSource(23);
    for (let trial = 0; trial < 40; trial++) {
      const x = randomNumbers(randomShape(trial, random), random);
      const channels = x.shape.slice(-1);
      const [mean, variance] = [randomNumbers(channels, random), randomNumbers(channels, random)];
      const measure = async (backend: 'wasm' | 'cpu') => {
        await initializeBackend(backend);
        return tf.tidy(() => {
          const input = toTensor(x);
          const expected = tf.moments(input, axesButLast(input));
          const moments = backend === 'wasm' ? channelMoments(input) : tf.stack([expected.mean, expected.variance]);
          const moved = [mean, variance].map((old, index) =>
            toTensor(old).mul(0.9).add(tf.unstack(moments)[index].mul(0.1)),
          );
          const all = backend === 'wasm' ? moveMoments(toTensor(mean), toTensor(variance), moments, 0.9) : moved;
          return [moments, ...all].map(toNumbers) as unknown as tf.TensorContainer;
        }) as unknown as Numbers[];
      };
      const reference = await measure('cpu');
      const tested = await measure('wasm');
      tested.forEach((numbers, index) => expectClose(numbers, reference[index], `part ${index} for [${x.shape}]`));
    }
  });
});

describe('with a cast in the same pass, lanes equal the portable form', () => {
  it('bit by bit, sums up to their order, in all modes', async () => {
    const random = randomSource(24);
    let trial = 0;
    for (const rounding of roundings) {
      for (const overflow of overflows) {
        for (const signed of [true, false]) {
          const shape = randomShape(trial++, random);
          const binaryPoints = [pick(random, -1, 5)];
          const cast = { rounding, overflow, signed, wordLength: 4, binaryPoints, positionScale: 10 };
          const inputs: Record<string, Numbers> = {
            x: randomNumbers(shape, random),
            dy: randomNumbers(shape, random),
            g: randomNumbers(shape, random),
            bias: randomNumbers(shape.slice(-1), random),
          };
          for (const name of ['affine', 'moments', 'dmoments'])
            inputs[name] = randomNumbers([2, ...shape.slice(-1)], random);
          for (const kernel of [...channelKernels, ...normalizationKernels]) {
            if (!kernel.inputs.every((name) => name in inputs)) continue;
            const attributes: AffineAttributes = { cast };
            const given = kernel.inputs.map((name) => inputs[name]);
            const shapes = given.map((input) => input.shape);
            const outputShapes = kernel.outputShapes(shapes, attributes);
            const expected = outputShapes.map(
              (size) => new Float32Array(size.reduce((all, length) => all * length, 1)),
            );
            kernel.compute(
              given.map(({ values }) => values),
              expected,
              shapes,
              attributes,
            );
            const tensors = kernel.inputs.map((name) => [name, toTensor(inputs[name])] as const);
            const outputs = runKernel(kernel.name, Object.fromEntries(tensors), attributes);
            outputs.forEach((output, index) => {
              const what = `${kernel.name}, output ${index}, ${JSON.stringify(cast)}`;
              const isValue =
                output.shape.length === shape.length && output.shape.every((size, axis) => size === shape[axis]);
              const values = output.dataSync() as Float32Array;
              // dx of a normalisation adds three terms in float32 where the portable form adds doubles.
              if (isValue && kernel.name !== 'QfxNormalizationInputGrad') expect(values, what).toEqual(expected[index]);
              else expectClose(toNumbers(output), { shape: outputShapes[index], values: expected[index] }, what);
            });
            tf.dispose([...outputs, ...tensors.map(([, tensor]) => tensor)]);
          }
        }
      }
    }
  });
});
