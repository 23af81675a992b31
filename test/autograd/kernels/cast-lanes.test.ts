import { beforeAll, describe, expect, it } from 'vitest';
import { initializeBackend } from '../../../src/autograd/backend.js';
import { castGradientKernel, castGradientValues, castKernel, castValues } from '../../../src/autograd/kernels/cast.js';
import type { CastAttributes } from '../../../src/autograd/kernels/cast.js';
import { hasExactLanes } from '../../../src/autograd/kernels/cast-table.js';
import { runKernel, tf } from '../../../src/autograd/tensorflow.js';
import { overflows, roundings } from '../../../src/qfx/number/type.js';
import { expectClose, pick, randomNumbers, randomSource } from './support.js';

beforeAll(() => initializeBackend('wasm'));

/** Every sign and exponent with fractions of many kinds: denormals, huge values, infinities and NaN among them. */
function floatsOfEveryExponent(random: () => number): Float32Array {
  const bits = new Uint32Array(512 * 12);
  const fractions = [0, 1, 2, 0x3fffff, 0x400000, 0x400001, 0x7ffffe, 0x7fffff];
  for (let index = 0; index < bits.length; index++) {
    const which = index % 12;
    const fraction = which < fractions.length ? fractions[which] : pick(random, 0, 0x7fffff);
    bits[index] = (Math.floor(index / 12) << 23) | fraction;
  }
  return new Float32Array(bits.buffer);
}

/** Ties and integers of a type, and the floats next to them. */
function floatsNextToTies(binaryPoint: number, wordLength: number, random: () => number): Float32Array {
  const values: number[] = [];
  for (let count = 0; count < 400; count++) {
    const half = pick(random, -(2 ** wordLength) - 4, 2 ** (wordLength + 1) + 4) / 2;
    const value = half * 2 ** -binaryPoint;
    values.push(value, value * (1 + 2 ** -23), value * (1 - 2 ** -24), value * (1 - 2 ** -22));
  }
  return Float32Array.from([...values, 0.49999997, -0.49999997, 0.5, -0.5, 0, -0]);
}

function* everyCast(binaryPoints: readonly number[]): Generator<CastAttributes> {
  for (const rounding of roundings) {
    for (const overflow of overflows) {
      for (const signed of [true, false]) {
        for (const wordLength of [1, 2, 8, 24]) {
          if (overflow === 'AP_SAT_SYM' && signed && wordLength === 1) continue;
          for (const relu of [undefined, { maximum: Infinity }, { maximum: 6 }]) {
            yield { rounding, overflow, signed, wordLength, binaryPoints, relu };
          }
        }
      }
    }
  }
}

/** Also tells -0 from 0; NaN equals NaN. */
function expectSame(tested: ArrayLike<number>, expected: ArrayLike<number>, x: Float32Array, what: unknown): void {
  expect(tested.length).toBe(expected.length);
  for (let index = 0; index < expected.length; index++) {
    if (Object.is(tested[index], expected[index])) continue;
    expect.fail(`${JSON.stringify(what)}: ${x[index]} became ${tested[index]}, expected ${expected[index]}`);
  }
}

function castOnHeap(x: Float32Array, attributes: CastAttributes): Float32Array {
  const input = tf.tensor(x, [x.length]);
  const [y] = runKernel(castKernel.name, { x: input }, attributes);
  const values = y.dataSync() as Float32Array;
  tf.dispose([input, y]);
  return values;
}

function gradientOnHeap(x: Float32Array, dy: Float32Array, attributes: CastAttributes) {
  const inputs = { x: tf.tensor(x, [x.length]), dy: tf.tensor(dy, [x.length]) };
  const outputs = runKernel(castGradientKernel.name, inputs, attributes);
  const [dx, dp] = outputs.map((output) => output.dataSync() as Float32Array);
  tf.dispose([...outputs, ...Object.values(inputs)]);
  return { dx, dp };
}

describe('casts in lanes equal the portable form bit by bit', () => {
  for (const binaryPoints of [[0], [1], [7], [-3], [60], [-60], [3, -2, 0], [5, 0, 2, 60, 1]]) {
    it(`for every kind of float in all modes, binary points ${binaryPoints.join(', ')}`, () => {
      const random = randomSource(71);
      const everyExponent = floatsOfEveryExponent(random);
      for (const attributes of everyCast(binaryPoints)) {
        const ties = floatsNextToTies(binaryPoints[0], attributes.wordLength, random);
        const both = Float32Array.from([...everyExponent, ...ties]);
        const x = both.subarray(0, both.length - (both.length % binaryPoints.length));
        const dy = randomNumbers([x.length], random).values;
        const y = new Float32Array(x.length);
        castValues(x, y, attributes);
        expectSame(castOnHeap(x, attributes), y, x, attributes);
        const dx = new Float32Array(x.length);
        castGradientValues(x, dy, dx, new Float32Array(binaryPoints.length), attributes);
        expectSame(gradientOnHeap(x, dy, attributes).dx, dx, x, attributes);
      }
    });
  }

  it('for every length of a tensor', () => {
    const random = randomSource(72);
    for (let trial = 0; trial < 200; trial++) {
      const channels = pick(random, 1, 9);
      const { values: x } = randomNumbers([channels * pick(random, 1, 40)], random);
      const { values: dy } = randomNumbers([x.length], random);
      const attributes: CastAttributes = {
        rounding: roundings[trial % roundings.length],
        overflow: overflows[trial % overflows.length],
        signed: true,
        wordLength: 4,
        binaryPoints: Array.from({ length: channels }, () => pick(random, 0, 6)),
        positionScale: trial % 3,
      };
      const [y, dx, dp] = [x.length, x.length, channels].map((length) => new Float32Array(length));
      castValues(x, y, attributes);
      castGradientValues(x, dy, dx, dp, attributes);
      expectSame(castOnHeap(x, attributes), y, x, attributes);
      const tested = gradientOnHeap(x, dy, attributes);
      expectSame(tested.dx, dx, x, attributes);
      const shape = [channels];
      expectClose({ shape, values: tested.dp }, { shape, values: dp }, JSON.stringify(attributes));
    }
  });

  it('and their gradient of the binary point repeats, also over a million values', () => {
    const random = randomSource(73);
    const { values: x } = randomNumbers([1_000_003], random);
    const { values: dy } = randomNumbers([x.length], random);
    const type = { signed: true, wordLength: 8, rounding: 'AP_RND', overflow: 'AP_SAT' } as const;
    const attributes = { ...type, binaryPoints: [7] };
    const first = gradientOnHeap(x, dy, attributes).dp;
    expect(gradientOnHeap(x, dy, attributes).dp).toEqual(first);
    const dp = new Float32Array(1);
    castGradientValues(x, dy, new Float32Array(x.length), dp, attributes);
    expectClose({ shape: [1], values: first }, { shape: [1], values: dp }, 'dp');
  });

  it('where lanes are exact: the portable form does the rest', () => {
    const type = { signed: true, wordLength: 8, binaryPoints: [-3] } as const;
    expect(hasExactLanes({ ...type, rounding: 'AP_RND', overflow: 'AP_SAT' })).toBe(true);
    expect(hasExactLanes({ ...type, rounding: 'AP_RND', overflow: 'AP_WRAP' })).toBe(false);
    expect(hasExactLanes({ ...type, rounding: 'AP_TRN', overflow: 'AP_SAT' })).toBe(false);
    expect(hasExactLanes({ ...type, rounding: 'AP_TRN', overflow: 'AP_SAT', binaryPoints: [0] })).toBe(true);
  });
});
