import { describe, expect, it } from 'vitest';
import { averageReciprocals, poolingCounts } from '../../src/qfx/index.js';
import type { IntegerTensor, Padding, Pair } from '../../src/qfx/index.js';
import { allHigh, allLow, describeOperation } from './contract.js';
import type { OperationCase, OperationContract } from './contract.js';
import { dyadicsOf, isLess, times, zeroAt } from './dyadic.js';
import type { Draw } from './draw.js';
import { drawWindow, outputSize, refusesVectors, windows } from './image.js';
import type { WindowCase } from './image.js';
import { tracedSum } from './traced-sum.js';

interface PoolingAttributes {
  readonly poolSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: readonly number[];
}

function windowOf({ attributes, inputs: [{ shape }] }: OperationCase): WindowCase {
  const input = shape.slice(0, 2);
  const global = { poolSize: input, strides: [1, 1], padding: [0, 0, 0, 0] };
  const { poolSize, strides, padding } = { ...global, ...(attributes as unknown as Partial<PoolingAttributes>) };
  return { input, kernel: poolSize, strides, dilations: [1, 1], padding };
}

/** A window whose every position has a tap on the image. */
function drawPooling(draw: Draw): { shape: number[]; attributes: PoolingAttributes } {
  const { input, kernel, strides, padding } = drawWindow(draw, { dilated: false, padded: 2 });
  const within = padding.map((amount, side) => Math.min(amount, kernel[side >> 1] - 1));
  const poolSize = kernel.map((size, axis) => Math.min(size, input[axis] + within[2 * axis] + within[2 * axis + 1]));
  const fits = within.map((amount, side) => Math.min(amount, poolSize[side >> 1] - 1));
  const again = poolSize.map((size, axis) => Math.min(size, input[axis] + fits[2 * axis] + fits[2 * axis + 1]));
  return {
    shape: [...input, draw.integer(1, 3)],
    attributes: {
      poolSize: again,
      strides,
      padding: fits.map((amount, side) => Math.min(amount, again[side >> 1] - 1)),
    },
  };
}

const imageShape = (use: OperationCase) => [
  outputSize(windowOf(use), 0),
  outputSize(windowOf(use), 1),
  use.inputs[0].shape[2],
];
const channelShape = (use: OperationCase) => [use.inputs[0].shape[2]];

const maximum: OperationContract['evaluate'] = (use, [values], trace) => {
  for (const value of values) trace(value);
  const [, width, channels] = use.inputs[0].shape;
  return windows(windowOf(use)).flatMap((taps) =>
    Array.from({ length: channels }, (_, channel) => {
      const own = taps.map(({ row, column }) => values[(row * width + column) * channels + channel]);
      const largest = own.reduce((best, value) => (isLess(best, value) ? value : best));
      trace(largest);
      return largest;
    }),
  );
};

const average: OperationContract['evaluate'] = (use, [values], trace) => {
  const [, width, channels] = use.inputs[0].shape;
  const reciprocals = dyadicsOf(use.constants.reciprocals);
  for (const value of values) {
    trace(zeroAt(value), 'sum');
    for (const reciprocal of reciprocals) trace(zeroAt(times(value, reciprocal)));
  }
  const { counts = [use.inputs[0].shape[0] * width] } = use.attributes as { counts?: number[] };
  return windows(windowOf(use)).flatMap((taps) =>
    Array.from({ length: channels }, (_, channel) => {
      const own = taps.map(({ row, column }) => values[(row * width + column) * channels + channel]);
      const result = times(tracedSum(own, trace, 'sum'), reciprocals[counts.indexOf(taps.length)]);
      trace(result);
      return result;
    }),
  );
};

const isUniform = ({ inputs: [{ format }] }: OperationCase) =>
  typeof format.wordLength === 'number' && typeof format.binaryPoint === 'number';

/** Reciprocals need not be the best ones: any unsigned constants. */
function drawReciprocals(draw: Draw, counts: readonly number[]): IntegerTensor {
  return draw.pick([true, false])
    ? draw.tensor([counts.length], { signed: false })
    : averageReciprocals(counts, draw.integer(1, 12));
}

const refusesLargeWindow = {
  what: 'a window larger than the padded image',
  change: (use: OperationCase) => ({ ...use, attributes: { ...use.attributes, poolSize: [50, 50] } }),
  message: /the window spans 50 rows, the padded image has only/,
};
const refusesPaddingAlone = {
  what: 'windows on padding alone',
  change: (use: OperationCase) => ({
    ...use,
    attributes: { ...use.attributes, poolSize: [1, 1], strides: [1, 1], padding: [0, 0, 0, 1] },
  }),
  message: /the windows of output column \d lie on padding alone/,
};

describeOperation({
  operation: 'max-pooling2d',
  paths: ['int32', 'int64', 'reference'],
  draw(draw) {
    const { shape, attributes } = drawPooling(draw);
    return { attributes: { ...attributes }, inputs: [{ shape, format: draw.format(shape) }], constants: {} };
  },
  shape: imageShape,
  evaluate: maximum,
  // Elements that no window reads, or that another one always beats, count in the rule.
  extremes: (use) => (isUniform(use) ? [allHigh, allLow] : undefined),
  refusals: [refusesVectors, refusesLargeWindow, refusesPaddingAlone],
});

describeOperation({
  operation: 'global-max-pooling2d',
  paths: ['int32', 'int64', 'reference'],
  draw(draw) {
    const shape = [draw.integer(1, 3), draw.integer(1, 3), draw.integer(1, 3)];
    return { attributes: {}, inputs: [{ shape, format: draw.format(shape) }], constants: {} };
  },
  shape: channelShape,
  evaluate: maximum,
  extremes: (use) => (isUniform(use) ? [allHigh, allLow] : undefined),
  refusals: [refusesVectors],
});

describeOperation({
  operation: 'average-pooling2d',
  paths: ['int32', 'int64', 'reference'],
  draw(draw) {
    const { shape, attributes } = drawPooling(draw);
    const { poolSize, strides, padding } = attributes as unknown as { poolSize: Pair; strides: Pair; padding: Padding };
    const counts = poolingCounts([shape[0], shape[1]], poolSize, strides, padding);
    return {
      attributes: { ...attributes, counts },
      inputs: [{ shape, format: draw.format(shape) }],
      constants: { reciprocals: drawReciprocals(draw, counts) },
    };
  },
  shape: imageShape,
  evaluate: average,
  extremes: (use) => (isUniform(use) ? [allHigh, allLow] : undefined),
  refusals: [
    refusesVectors,
    refusesLargeWindow,
    refusesPaddingAlone,
    {
      what: 'counts that its windows do not have',
      change: (use) => ({ ...use, attributes: { ...use.attributes, counts: [1, 50] } }),
      message: /counts are \[1, 50\], its windows have \[.*\] taps on the image/,
    },
    {
      what: 'signed reciprocals',
      change: (use) => ({
        ...use,
        constants: {
          reciprocals: {
            ...use.constants.reciprocals,
            format: { signed: true, wordLength: 53, binaryPoint: 0 },
            raw: new Float64Array(use.constants.reciprocals.raw.length),
          },
        },
      }),
      message: /reciprocals are signed/,
    },
  ],
});

describeOperation({
  operation: 'global-average-pooling2d',
  paths: ['int32', 'int64', 'reference'],
  draw(draw) {
    const shape = [draw.integer(1, 3), draw.integer(1, 3), draw.integer(1, 3)];
    const reciprocals = drawReciprocals(draw, [shape[0] * shape[1]]);
    return { attributes: {}, inputs: [{ shape, format: draw.format(shape) }], constants: { reciprocals } };
  },
  shape: channelShape,
  evaluate: average,
  extremes: (use) => (isUniform(use) ? [allHigh, allLow] : undefined),
  refusals: [refusesVectors],
});

describe('averageReciprocals', () => {
  it('keeps powers of two exact and narrow', () => {
    const { format, raw } = averageReciprocals([4], 8);
    expect([format, ...raw]).toEqual([{ signed: false, wordLength: 1, binaryPoint: 2 }, 1]);
    expect([...averageReciprocals([1, 2, 4], 8).raw]).toEqual([4, 2, 1]);
  });

  it('gives the nearest integers at the largest binary point that fits', () => {
    const { format, raw } = averageReciprocals([4, 6, 9], 8);
    expect(format).toEqual({ signed: false, wordLength: 8, binaryPoint: 9 });
    expect([...raw]).toEqual([128, 85, 57]);
    for (const wordLength of [1, 2, 3, 8, 24, 53]) {
      for (let count = 1; count < 200; count++) {
        const reciprocal = averageReciprocals([count], wordLength);
        const value = BigInt(reciprocal.raw[0]) * BigInt(count) * 2n;
        const one = 1n << BigInt((reciprocal.format as { binaryPoint: number }).binaryPoint + 1);
        // Within half a unit of 1 / count, and a bit more would not fit.
        expect(value - one <= BigInt(count) && one - value <= BigInt(count)).toBe(true);
        expect(reciprocal.raw[0]).toBeLessThan(2 ** wordLength);
      }
    }
  });

  it('refuses other word lengths', () => {
    for (const wordLength of [0, 54, 1.5])
      expect(() => averageReciprocals([3], wordLength)).toThrow(/allowed: 1 to 53/);
  });
});
