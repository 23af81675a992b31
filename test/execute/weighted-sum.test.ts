import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  buildGraph,
  makeRawArray,
  Network,
  overflows,
  QfxError,
  rawRange,
  resolvePadding,
  roundings,
} from '../../src/qfx/index.js';
import type {
  FixedPointFormat,
  Graph,
  IntegerTensor,
  JsonObject,
  Padding,
  RawArray,
  TensorType,
} from '../../src/qfx/index.js';
import { expectToEqualReference, pathsOf } from './support.js';

/** Which raw integer a position has. */
type Fill = (range: { minimum: bigint; maximum: bigint }, index: number) => bigint;

const least: Fill = ({ minimum }) => minimum;
const most: Fill = ({ maximum }) => maximum;
const alternating: Fill = ({ minimum, maximum }, index) => (index % 2 === 0 ? minimum : maximum);
const scattered: Fill = ({ minimum, maximum }, index) => {
  const fraction = BigInt.asUintN(64, (BigInt(index) + 1n) * 0x9e3779b97f4a7c15n);
  return minimum + ((fraction * (maximum - minimum + 1n)) >> 64n);
};
const fills = [least, most, alternating, scattered];

function fill(format: FixedPointFormat, shape: readonly number[], how: Fill): RawArray {
  const raw = makeRawArray(
    format,
    shape.reduce((product, size) => product * size, 1),
  );
  for (let index = 0; index < raw.length; index++) {
    const value = how(rawRange(format), index);
    if (raw instanceof Float64Array) raw[index] = Number(value);
    else raw[index] = value;
  }
  return raw;
}

const type = (wordLength: number, signed = true, binaryPoint = 0): TensorType & FixedPointFormat => {
  return { signed, wordLength, binaryPoint, rounding: 'AP_RND', overflow: 'AP_SAT' };
};

interface Convolution {
  readonly shape: readonly number[];
  readonly input: TensorType & FixedPointFormat;
  readonly weights: IntegerTensor;
  readonly bias?: IntegerTensor;
  readonly attributes: JsonObject;
  readonly output: TensorType | 'exact';
}

function convolution({ shape, input, weights, bias, attributes, output }: Convolution): Graph {
  const constants: Record<string, string> = bias ? { weights: 'weights', bias: 'bias' } : { weights: 'weights' };
  return buildGraph({
    name: 'convolution',
    nodes: [
      { name: 'x', operation: 'input', inputs: [], attributes: { shape }, outputType: input },
      { name: 'y', operation: 'conv2d', inputs: ['x'], attributes, constants, outputType: output },
    ],
    outputs: ['y'],
    tensors: bias ? { weights, bias } : { weights },
  });
}

function dense(input: TensorType & FixedPointFormat, weights: IntegerTensor, output: TensorType | 'exact'): Graph {
  return buildGraph({
    name: 'dense',
    nodes: [
      {
        name: 'x',
        operation: 'input',
        inputs: [],
        attributes: { shape: [weights.shape[0]] },
        outputType: input,
      },
      { name: 'y', operation: 'dense', inputs: ['x'], constants: { weights: 'weights' }, outputType: output },
    ],
    outputs: ['y'],
    tensors: { weights },
  });
}

const tensor = (shape: readonly number[], wordLength: number, how: Fill, signed = true): IntegerTensor => {
  const format = { signed, wordLength, binaryPoint: 0 };
  return { shape, format, raw: fill(format, shape, how) };
};

describe('the path of a weighted sum', () => {
  // Sums of n products of the largest magnitudes: the exact type says how wide they get.
  const cases: [string, number, boolean, number, number, number, string][] = [
    ['the widest int16 operand', 16, true, 8, 4, 26, 'int16'],
    ['one bit more', 17, true, 8, 4, 27, 'int64'],
    ['the widest unsigned operand in int16', 15, false, 8, 4, 25, 'int16'],
    ['one bit more without a sign', 16, false, 8, 4, 26, 'int64'],
    ['the widest int16 weights', 8, true, 16, 4, 26, 'int16'],
    ['weights of one bit more', 8, true, 17, 4, 27, 'int64'],
    ['sums of exactly 32 bits', 16, true, 16, 1, 32, 'int16'],
    ['sums of 33 bits', 16, true, 16, 4, 34, 'int64'],
    ['sums of 64 bits', 32, true, 32, 1, 64, 'int64'],
    ['an unsigned operand of 64 bits', 64, false, 1, 1, 65, 'refused'],
  ];
  for (const [what, inputBits, signed, weightBits, count, bits, path] of cases) {
    it(`${what}: ${path}`, () => {
      const build = () => dense(type(inputBits, signed), tensor([count, 1], weightBits, least), 'exact');
      if (path === 'refused') {
        expect(build).toThrow(/needs 65 bits/);
        return;
      }
      const graph = build();
      expect(graph.nodes[1].exactType).toMatchObject({ signed: true, wordLength: bits });
      expect(pathsOf(graph)).toEqual({ y: path });
      const images = fills.map((how) => fill(type(inputBits, signed), [count], how));
      expectToEqualReference(graph, images);
    });
  }

  it('is the reference where an operand of 64 bits has no sign', () => {
    const weights = { ...tensor([2, 1], 1, most, false) };
    const graph = dense(type(64, false), { ...weights, raw: Float64Array.from([1, 0]) }, 'exact');
    expect(pathsOf(graph)).toEqual({ y: 'reference' });
    expectToEqualReference(
      graph,
      fills.map((how) => fill(type(64, false), [2], how)),
    );
  });

  // Half of the taps pull up to 2^31 - 1, half of them down to -2^31, both together to the middle.
  const kernels: [string, number, readonly [number, number, number, number]][] = [
    ['taps of several channels', 1, [2, 2, 2, 9]],
    ['taps of several rows', 1, [4, 1, 1, 3]],
    ['two groups', 2, [2, 2, 2, 6]],
    ['channels of their own', 9, [2, 2, 1, 9]],
  ];
  for (const [what, groups, kernel] of kernels) {
    it(`is int16 where partial sums reach both ends of int32: ${what}`, () => {
      const [rows, columns, depth, outputs] = kernel;
      const taps = rows * columns * depth;
      const input = type(15, false);
      const [up, down] = [Math.floor((2 * 65535) / taps), -(2 * 65536) / taps];
      const weights = Float64Array.from({ length: taps * outputs }, (_, index) => {
        const isUp = Math.floor(index / outputs) < taps / 2 === (index % outputs) % 3 < 2;
        return isUp ? up : down;
      });
      const rest = [2 ** 31 - 1 - (taps / 2) * up * 32767, -(2 ** 31) - (taps / 2) * down * 32767];
      const build = (size: readonly [number, number]) =>
        convolution({
          shape: [...size, groups * depth],
          input,
          weights: { ...tensor(kernel, 16, least), raw: weights },
          bias: {
            ...tensor([outputs], 32, least),
            raw: Float64Array.from({ length: outputs }, (_, index) => rest[index % 2]),
          },
          attributes: { strides: [1, 1], dilations: [1, 1], padding: [0, 0, 0, 0], groups } as unknown as JsonObject,
          output: 'exact',
        });
      const graph = build([rows, columns]);
      expect(graph.nodes[1].exactType).toMatchObject({ signed: true, wordLength: 32 });
      expect(pathsOf(graph)).toEqual({ y: 'int16' });
      /** Only the taps of one half have a value, or all of them. */
      const half = (isOn: (tap: number) => boolean) =>
        Float64Array.from({ length: taps * groups }, (_, index) => {
          const [position, channel] = [Math.floor(index / (groups * depth)), index % depth];
          return isOn(position * depth + channel) ? 32767 : 0;
        });
      const images = [half((tap) => tap < taps / 2), half((tap) => tap >= taps / 2), half(() => true)];
      expectToEqualReference(graph, images);
      const sums = images.flatMap((image) => Array.from(new Network(graph).run(image).layers.y.raw, Number));
      expect([Math.max(...sums), Math.min(...sums)]).toEqual([2 ** 31 - 1, -(2 ** 31)]);
      const larger = build([rows + 2, columns + 5]);
      expect(pathsOf(larger)).toEqual({ y: 'int16' });
      expectToEqualReference(
        larger,
        fills.map((how) => fill(input, larger.nodes[0].shape, how)),
      );
    });
  }

  it('is int16 with a cast of its own for each channel, and with an output of 64 bits', () => {
    const weights = tensor([9, 11], 8, scattered);
    const binaryPoint = { axis: 0, values: Array.from({ length: 11 }, (_, index) => -index) };
    for (const output of [{ ...type(9), binaryPoint }, type(50, true, 20), type(20)]) {
      const graph = dense(type(8), weights, output);
      expect(pathsOf(graph)).toEqual({ y: 'int16' });
      expectToEqualReference(
        graph,
        fills.map((how) => fill(type(8), [9], how)),
      );
    }
  });
});

describe('convolutions of all shapes', () => {
  it('compute what the reference computes, on the path that their types allow', () => {
    const entered = { int16: 0, int64: 0, depthwise: 0, grouped: 0 };
    const property = fc.property(fc.gen(), (generate) => {
      const integer = (min: number, max: number) => generate(fc.integer, { min, max });
      const pick = <Value>(...values: Value[]) => values[integer(0, values.length - 1)];
      const groups = pick(1, 1, 1, 2, 3, 8, 9);
      const isDepthwise = groups > 1 && pick(true, false);
      const groupInputs = isDepthwise ? 1 : pick(1, 2, 3, 5, 8, 9, 16);
      const outputs = groups * (isDepthwise ? 1 : pick(1, 3, 4, 5, 8, 9, 16, 17));
      const size = [integer(1, 9), integer(1, 9)] as const;
      const kernel = [integer(1, 4), integer(1, 4)] as const;
      const strides = [integer(1, 3), integer(1, 3)] as const;
      const dilations = [integer(1, 2), pick(1, 1, 2)] as const;
      const explicit = (): Padding => [integer(0, 5), integer(0, 5), integer(0, 5), integer(0, 5)];
      const padding = resolvePadding(
        pick<'same' | 'valid' | Padding>('same', 'valid', explicit()),
        size,
        kernel,
        strides,
        dilations,
      );
      const [inputBits, weightBits] = [pick(1, 8, 12, 15, 16, 17, 24), pick(1, 2, 8, 13, 16, 17)];
      const signed = pick(true, false);
      const input = type(inputBits, signed);
      const shape = [...size, groups * groupInputs];
      const outputType = { ...type(pick(4, 8, 16, 17, 32)), binaryPoint: integer(-20, 2) };
      let graph: Graph;
      try {
        graph = convolution({
          shape,
          input,
          weights: tensor([...kernel, groupInputs, outputs], weightBits, pick(...fills), pick(true, true, false)),
          bias: pick(undefined, tensor([outputs], pick(1, 8, 24), pick(...fills))),
          attributes: { strides, dilations, padding, groups } as unknown as JsonObject,
          output: pick<TensorType | 'exact'>('exact', {
            ...outputType,
            rounding: pick(...roundings),
            overflow: pick(...overflows),
          }),
        });
      } catch (error) {
        if (error instanceof QfxError && /the window spans/.test(error.message)) return;
        throw error;
      }
      expectToEqualReference(
        graph,
        fills.map((how) => fill(input, shape, how)),
      );
      const { y } = pathsOf(graph);
      const { raw } = graph.tensors.weights;
      const narrow =
        rawRange(input).maximum < 2n ** 15n &&
        Array.from(raw, Number).every((weight) => weight >= -(2 ** 15) && weight < 2 ** 15) &&
        rawRange(graph.nodes[1].exactType).maximum < 2n ** 31n;
      expect(y).toBe(narrow ? 'int16' : 'int64');
      entered[y as 'int16' | 'int64']++;
      if (isDepthwise) entered.depthwise++;
      else if (groups > 1) entered.grouped++;
    });
    fc.assert(property, { seed: 11, numRuns: 400 });
    for (const times of Object.values(entered)) expect(times).toBeGreaterThan(40);
  });
});
