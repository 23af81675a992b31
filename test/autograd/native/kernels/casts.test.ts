import { beforeAll, describe, expect, it } from 'vitest';
import {
  castGradientValues,
  castKernel,
  castGradientKernel,
  castValues,
} from '../../../../src/autograd/kernels/cast.js';
import type { CastAttributes } from '../../../../src/autograd/kernels/cast.js';
import { runKernel, tf } from '../../../../src/autograd/tensorflow.js';
import { overflows, roundings } from '../../../../src/qfx/number/type.js';
import { startTestedBackend } from '../../../support/backend.js';
import { pick, randomSource } from '../../kernels/support.js';

beforeAll(startTestedBackend);

/** Every combination of modes, with and without a ReLU in front. */
function* everyMode(random: () => number, channels: number): Generator<CastAttributes> {
  for (const rounding of roundings)
    for (const overflow of overflows)
      for (const signed of [true, false])
        for (const wordLength of [1, 4, 24]) {
          if (overflow === 'AP_SAT_SYM' && signed && wordLength === 1) continue;
          const binaryPoints = Array.from({ length: channels }, () => pick(random, -6, wordLength + 6));
          const relu = [undefined, { maximum: Infinity }, { maximum: 6 }][pick(random, 0, 2)];
          yield { rounding, overflow, signed, wordLength, binaryPoints, relu, positionScale: 10 };
        }
}

/** Zeros, denormals, infinities, NaN, ties and their neighbours at many scales, and bit patterns of all kinds. */
function specialFloats(random: () => number, channels: number): Float32Array {
  const signs = (value: number) => [value, -value];
  const edges = [
    0,
    2 ** -149,
    3 * 2 ** -149,
    2 ** -127,
    2 ** -126,
    3.4028234663852886e38,
    Infinity,
    16777215,
    8388608.5,
  ];
  const ties = Array.from({ length: 40 }, (_, index) => (index + 0.5) * 2 ** pick(random, -24, 8));
  const neighbours = ties.flatMap((value) => [value, value * (1 + 2 ** -23), value * (1 - 2 ** -24)]);
  const bits = new Float32Array(Uint32Array.from({ length: 4096 }, () => Math.floor(random() * 2 ** 32)).buffer);
  const values = [...[...edges, ...neighbours].flatMap(signs), NaN, ...bits];
  return Float32Array.from(values.slice(0, values.length - (values.length % channels)));
}

function expectSameBits(found: Float32Array, expected: Float32Array, x: Float32Array, attributes: object): void {
  expect(found.length).toBe(expected.length);
  const place = found.findIndex((value, index) => !Object.is(value, expected[index]));
  if (place >= 0)
    expect.fail(`cast of ${x[place]} is ${found[place]}, expected ${expected[place]}: ${JSON.stringify(attributes)}`);
}

for (const channels of [1, 3, 16]) {
  describe(`casts with ${channels} binary point(s)`, () => {
    it('equal the portable form bit by bit in all modes, also where denormal numbers are switched off', () => {
      const random = randomSource(channels);
      const x = specialFloats(random, channels);
      const expected = new Float32Array(x.length);
      for (const attributes of everyMode(random, channels)) {
        castValues(x, expected, attributes);
        const [y] = tf.tidy(() =>
          runKernel(castKernel.name, { x: tf.tensor2d(x, [x.length / channels, channels]) }, attributes),
        );
        expectSameBits(y.dataSync() as Float32Array, expected, x, attributes);
        y.dispose();
      }
    });

    it('have the gradient of the portable form', () => {
      const random = randomSource(10 + channels);
      const x = specialFloats(random, channels).map((value) => (Math.abs(value) < 1e6 ? value : 1 - 2 * random()));
      const dy = x.map(() => 2 * random() - 1);
      const [dx, dp] = [new Float32Array(x.length), new Float32Array(channels)];
      const shape: [number, number] = [x.length / channels, channels];
      for (const attributes of everyMode(random, channels)) {
        castGradientValues(x, dy, dx, dp, attributes);
        const [found, points] = tf.tidy(() =>
          runKernel(castGradientKernel.name, { x: tf.tensor2d(x, shape), dy: tf.tensor2d(dy, shape) }, attributes),
        );
        expectSameBits(found.dataSync() as Float32Array, dx, x, attributes);
        const largest = Math.max(...dp.map(Math.abs));
        const differences = (points.dataSync() as Float32Array).map((value, index) => Math.abs(value - dp[index]));
        expect(Math.max(...differences), JSON.stringify(attributes)).toBeLessThanOrEqual(1e-5 * largest);
        tf.dispose([found, points]);
      }
    });

    it('let pass what the portable form does, also at NaN, infinities and huge values', () => {
      const random = randomSource(20 + channels);
      const x = specialFloats(random, channels);
      const dy = x.map(() => 2 * random() - 1);
      const [dx, dp] = [new Float32Array(x.length), new Float32Array(channels)];
      const shape: [number, number] = [x.length / channels, channels];
      for (const attributes of everyMode(random, channels)) {
        castGradientValues(x, dy, dx, dp, attributes);
        expect(dx[x.findIndex(Number.isNaN)]).not.toBe(0);
        const [found, points] = tf.tidy(() =>
          runKernel(castGradientKernel.name, { x: tf.tensor2d(x, shape), dy: tf.tensor2d(dy, shape) }, attributes),
        );
        expectSameBits(found.dataSync() as Float32Array, dx, x, attributes);
        tf.dispose([found, points]);
      }
    });
  });
}

it('casts of many types hold on to a bounded number of tensors, and stay right', () => {
  const x = Float32Array.from([-1.7, 0.3, 2.9]);
  const input = tf.tensor(x);
  const before = tf.backend().numDataIds();
  for (let index = 0; index < 1500; index++) {
    const attributes: CastAttributes = {
      signed: true,
      wordLength: 8,
      rounding: 'AP_RND',
      overflow: 'AP_SAT',
      binaryPoints: [index % 13, Math.floor(index / 13) % 13, Math.floor(index / 169)],
    };
    const [y] = runKernel(castKernel.name, { x: input }, attributes);
    const expected = new Float32Array(3);
    castValues(x, expected, attributes);
    expectSameBits(y.dataSync() as Float32Array, expected, x, attributes);
    y.dispose();
  }
  expect(tf.backend().numDataIds() - before).toBeLessThanOrEqual(1001);
  input.dispose();
});
