import { describe, expect, it } from 'vitest';
import { initializeBackend } from '../../../src/autograd/backend.js';
import { castGradientKernel, castKernel } from '../../../src/autograd/kernels/cast.js';
import type { CastAttributes } from '../../../src/autograd/kernels/cast.js';
import { exactCastKernel } from '../../../src/autograd/kernels/exact-cast.js';
import { runKernel, tf } from '../../../src/autograd/tensorflow.js';
import { castBigInt } from '../../../src/qfx/number/cast.js';
import { castReal } from '../../../src/qfx/number/real.js';
import { overflows, roundings } from '../../../src/qfx/number/type.js';
import { expectClose, pick, randomSource } from './support.js';

/** Attributes of every combination of modes, for some word lengths and binary points. */
function* everyMode(random: () => number, channels: number): Generator<CastAttributes> {
  for (const rounding of roundings) {
    for (const overflow of overflows) {
      for (const signed of [true, false]) {
        for (const wordLength of [1, 4, 24]) {
          if (overflow === 'AP_SAT_SYM' && signed && wordLength === 1) continue;
          const binaryPoints = Array.from({ length: channels }, () => pick(random, -3, wordLength + 3));
          yield { rounding, overflow, signed, wordLength, binaryPoints };
        }
      }
    }
  }
}

/** All multiples of 1/16 around 0, floats next to ties, random floats of all sizes, denormals, the largest. */
function interestingFloats(random: () => number): Float32Array {
  const steps = Array.from({ length: 1024 }, (_, index) => (index - 512) / 16);
  const nextToTies = steps.flatMap((value) => [value * (1 + 2 ** -23), value * (1 - 2 ** -23)]);
  const anySize = Array.from({ length: 1024 }, () => (2 * random() - 1) * 2 ** pick(random, -60, 60));
  const extreme = [0, -0, 2 ** -149, -(2 ** -149), 2 ** -126, 0.49999997, -0.49999997, 16777215, 3.4e38, -3.4e38];
  const values = [...steps, ...nextToTies, ...anySize, ...extreme];
  // A multiple of 12 values: it divides into rows of 1, 3 or 4 channels.
  return Float32Array.from(values.slice(0, values.length - (values.length % 12)).concat(values.slice(-12)));
}

function rawIntegers(y: ArrayLike<number>, binaryPoints: readonly number[]): bigint[] {
  return Array.from(y, (value, index) => BigInt(value * 2 ** binaryPoints[index % binaryPoints.length]));
}

for (const backend of ['wasm', 'cpu'] as const) {
  describe(`casts on the ${backend} backend`, () => {
    for (const channels of [1, 3]) {
      it(`equal the integer definition in all modes, ${channels} binary point(s)`, async () => {
        await initializeBackend(backend);
        const random = randomSource(channels);
        const x = interestingFloats(random);
        for (const attributes of everyMode(random, channels)) {
          const { binaryPoints } = attributes;
          const shape = [x.length / channels, channels];
          const [y] = tf.tidy(() => runKernel(castKernel.name, { x: tf.tensor(x, shape) }, attributes)) as tf.Tensor[];
          const values = y.dataSync();
          y.dispose();
          const expected = Array.from(x, (value, index) =>
            castReal(value, { ...attributes, binaryPoint: binaryPoints[index % channels] }),
          );
          expect(rawIntegers(values, binaryPoints), JSON.stringify(attributes)).toEqual(expected);
          expect(values.some((value) => Object.is(value, -0))).toBe(false);
        }
      });
    }

    it('have the gradient of the definition', async () => {
      await initializeBackend(backend);
      const random = randomSource(5);
      const x = interestingFloats(random).filter((value, index) => Math.abs(value) < 1e6 && index % 5 === 0);
      const dy = x.map(() => 2 * random() - 1);
      for (const channels of [1, 4]) {
        const rows = Math.floor(x.length / channels);
        const shape = [rows, channels];
        for (const attributes of everyMode(random, channels)) {
          const inputs = {
            x: tf.tensor(x.slice(0, rows * channels), shape),
            dy: tf.tensor(dy.slice(0, rows * channels), shape),
          };
          const outputs = runKernel(castGradientKernel.name, inputs, attributes);
          const [dx, dp] = outputs.map((tensor) => tensor.dataSync());
          tf.dispose([...outputs, inputs.x, inputs.dy]);
          const expected = definedGradient(x, dy, rows, attributes);
          expect(dx, JSON.stringify(attributes)).toEqual(expected.dx);
          const numbers = (values: ArrayLike<number>) => ({ shape: [channels], values: Float32Array.from(values) });
          expectClose(numbers(dp), numbers(expected.dp), JSON.stringify(attributes));
        }
      }
    });

    it('of sums of parts and of affine functions lose nothing that float32 would', async () => {
      await initializeBackend(backend);
      const random = randomSource(6);
      const count = 300;
      const integers = (bits: number) =>
        Float32Array.from({ length: count }, () => pick(random, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1));
      const [high, low] = [integers(24).map((value) => value * 256), integers(24)];
      const [scale, offset] = [integers(18).slice(0, 3), integers(24).slice(0, 3)];
      for (const attributes of everyMode(random, 1)) {
        const type = { ...attributes, binaryPoint: attributes.binaryPoints[0] - 30 };
        const inputs = {
          parts: tf.tensor([...high, ...low], [2, count / 3, 3]),
          scale: tf.tensor1d(scale),
          offset: tf.tensor1d(offset),
        };
        const [y] = runKernel(exactCastKernel.name, inputs, { type });
        expect(rawIntegers(y.dataSync(), [type.binaryPoint])).toEqual(
          Array.from(high, (value, index) => {
            const sum = BigInt(value) + BigInt(low[index]);
            return castBigInt(sum * BigInt(scale[index % 3]) + BigInt(offset[index % 3]), 0, type);
          }),
        );
        tf.dispose([y, ...Object.values(inputs)]);
      }
    });
  });
}

/** The gradient as docs/number-system.md defines it, in doubles, from the exact cast. */
function definedGradient(x: Float32Array, dy: Float32Array, rows: number, attributes: CastAttributes) {
  const { binaryPoints, wordLength, signed } = attributes;
  const channels = binaryPoints.length;
  const overflow = attributes.overflow === 'AP_WRAP' ? 'AP_SAT' : attributes.overflow;
  const sums = new Float64Array(channels);
  const dx = new Float32Array(rows * channels);
  for (let index = 0; index < rows * channels; index++) {
    const channel = index % channels;
    const binaryPoint = binaryPoints[channel];
    const raw = castReal(x[index], { ...attributes, overflow, binaryPoint });
    // Wide enough never to overflow: what the rounding alone gives.
    const rounded = castReal(x[index], {
      ...attributes,
      signed: true,
      wordLength: 64,
      overflow: 'AP_SAT',
      binaryPoint,
    });
    const y = Number(raw) * 2 ** -binaryPoint;
    const lowest = signed ? -(2n ** BigInt(wordLength - 1)) + (overflow === 'AP_SAT_SYM' ? 1n : 0n) : 0n;
    const highest = 2n ** BigInt(signed ? wordLength - 1 : wordLength) - 1n;
    if (rounded < lowest || rounded > highest) {
      sums[channel] -= dy[index] * y;
    } else {
      dx[index] = dy[index];
      sums[channel] += dy[index] * (x[index] - y);
    }
  }
  return { dx, dp: Float32Array.from(sums, (sum) => Math.LN2 * sum) };
}
