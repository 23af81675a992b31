import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { startBackend, tf } from '../../src/autograd/tensorflow.js';
import { averageReciprocals, buildGraph, Network, poolingCounts, resolvePadding } from '../../src/qfx/index.js';
import type { IntegerTensor, JsonObject, Pair } from '../../src/qfx/index.js';
import { drawFrom, inputType } from './draw.js';

/** Where padding, strides, dilations and groups put the taps: the same integers as TensorFlow.js, which is exact to 2^24. */
const format = { signed: true, wordLength: 6, binaryPoint: 0 };

beforeAll(async () => {
  await startBackend('cpu');
});

function run(
  operation: string,
  attributes: JsonObject,
  x: IntegerTensor,
  constants: Record<string, IntegerTensor>,
): IntegerTensor {
  const graph = buildGraph({
    name: 'against TensorFlow',
    nodes: [
      { name: 'x', operation: 'input', inputs: [], attributes: { shape: x.shape }, outputType: inputType(x.format) },
      {
        name: 'y',
        operation,
        inputs: ['x'],
        attributes,
        constants: Object.fromEntries(Object.keys(constants).map((role) => [role, role])),
        outputType: 'exact',
      },
    ],
    outputs: ['y'],
    tensors: constants,
  });
  return new Network(graph).run(x.raw).outputs.y;
}

function property(test: (use: ReturnType<typeof drawUse>) => void): void {
  fc.assert(
    fc.property(fc.gen(), (generate) => test(drawUse(drawFrom(generate)))),
    { seed: 4, numRuns: 150 },
  );
}

function drawUse(draw: ReturnType<typeof drawFrom>) {
  const pair = (low: number, high: number): Pair => [draw.integer(low, high), draw.integer(low, high)];
  const input = pair(1, 9);
  const same = draw.pick([true, false]);
  const kernel = pair(1, 4).map((size, axis) => (same ? size : Math.min(size, input[axis]))) as unknown as Pair;
  // TensorFlow.js takes strides or dilations, not both.
  const dilated = same && draw.pick([true, false, false]);
  const strides = dilated ? ([1, 1] as const) : pair(1, 3);
  const dilations = dilated ? pair(1, 3) : ([1, 1] as const);
  const channels = draw.integer(1, 3);
  const shape = [...input, channels];
  const x: IntegerTensor = { shape, format, raw: draw.raw(shape, format) };
  return {
    draw,
    input,
    kernel,
    strides,
    dilations,
    channels,
    x,
    padding: same ? ('same' as const) : ('valid' as const),
  };
}

const image = ({ raw, shape }: IntegerTensor) =>
  tf.tensor4d(Float32Array.from(raw as Float64Array), [1, shape[0], shape[1], shape[2]]);
const kernelOf = ({ raw, shape }: IntegerTensor) =>
  tf.tensor4d(Float32Array.from(raw as Float64Array), shape as [number, number, number, number]);
/** Numbers without a negative zero. */
const integers = (values: Iterable<number | bigint>) => Array.from(values, (value) => Number(value) + 0);

describe('against TensorFlow.js', () => {
  it('conv2d with its padding rules, strides and dilations', () => {
    property(({ draw, input, kernel, strides, dilations, channels, x, padding }) => {
      const shape = [...kernel, channels, draw.integer(1, 3)];
      const weights: IntegerTensor = { shape, format, raw: draw.raw(shape, format) };
      const resolved = resolvePadding(padding, input, kernel, strides, dilations);
      const y = run('conv2d', { strides, dilations, padding: resolved, groups: 1 }, x, { weights });
      const expected = tf.conv2d(image(x), kernelOf(weights), [...strides], padding, 'NHWC', [...dilations]);
      expect(y.shape).toEqual(expected.shape.slice(1));
      expect(integers(y.raw)).toEqual(integers(expected.dataSync()));
    });
  });

  it('depthwise convolution', () => {
    property(({ draw, input, kernel, strides: [stride], channels, x, padding }) => {
      const multiplier = draw.integer(1, 3);
      const weights = {
        shape: [...kernel, channels, multiplier],
        format,
        raw: draw.raw([...kernel, channels, multiplier], format),
      };
      const grouped = { ...weights, shape: [...kernel, 1, channels * multiplier] };
      const strides = [stride, stride] as const;
      const resolved = resolvePadding(padding, input, kernel, strides);
      const attributes = { strides, dilations: [1, 1], padding: resolved, groups: channels };
      const y = run('conv2d', attributes, x, { weights: grouped });
      const expected = tf.depthwiseConv2d(image(x), kernelOf(weights), [stride, stride], padding);
      expect(y.shape).toEqual(expected.shape.slice(1));
      expect(integers(y.raw)).toEqual(integers(expected.dataSync()));
    });
  });

  it('max and average pooling', () => {
    property(({ input, kernel, strides, x, padding }) => {
      const resolved = resolvePadding(padding, input, kernel, strides);
      const attributes = { poolSize: kernel, strides, padding: resolved };
      const largest = run('max-pooling2d', attributes, x, {});
      const expected = tf.maxPool(image(x), [...kernel], [...strides], padding);
      expect(largest.shape).toEqual(expected.shape.slice(1));
      expect(integers(largest.raw)).toEqual(integers(expected.dataSync()));

      // Exact integers can be compared where every count is a power of two; TensorFlow's own averages then are exact, too.
      const counts = poolingCounts(input, kernel, strides, resolved);
      if (!counts.every((count) => Number.isInteger(Math.log2(count)))) return;
      const reciprocals = averageReciprocals(counts, 8);
      const average = run('average-pooling2d', { ...attributes, counts }, x, { reciprocals });
      const scale = 2 ** (average.format.binaryPoint as number);
      const averages = tf.avgPool(image(x), [...kernel], [...strides], padding);
      expect(integers(average.raw)).toEqual(integers(averages.dataSync()).map((value) => value * scale));
    });
  });
});
