import { describe, expect, it } from 'vitest';
import { initializeBackend } from '../../../src/autograd/backend.js';
import { castErrorKernel } from '../../../src/autograd/kernels/cast-error.js';
import { castGradientKernel, castKernel } from '../../../src/autograd/kernels/cast.js';
import type { CastAttributes } from '../../../src/autograd/kernels/cast.js';
import { runKernel, tf } from '../../../src/autograd/tensorflow.js';
import { kHotMagnitudes, magnitudeBits } from '../../../src/qfx/number/k-hot.js';
import { digitKinds } from '../../../src/qfx/number/type.js';
import type { KHot } from '../../../src/qfx/number/type.js';
import { expectClose, randomSource } from './support.js';

const kHotTypes = digitKinds.flatMap((digits) =>
  [1, 2, 4].flatMap((terms) =>
    [true, false].map((signed) => ({
      signed,
      wordLength: 6,
      rounding: 'AP_RND' as const,
      overflow: 'AP_SAT' as const,
      kHot: { terms, digits, projection: 'nearest' as const },
    })),
  ),
);

/** The nearest member, of equally near ones the larger magnitude; and whether a member beyond the largest would be nearer. */
function project(value: number, type: CastAttributes & { kHot: KHot }, binaryPoint: number) {
  const { kHot, signed } = type;
  const bits = magnitudeBits(type);
  const members = [...kHotMagnitudes(bits, kHot), 2 ** bits];
  const scaled = Math.abs(value) * 2 ** binaryPoint;
  if (value < 0 && !signed) return { y: 0, isInside: scaled <= 0.5 };
  let best = 0;
  members.forEach((member, index) => {
    if (Math.abs(member - scaled) <= Math.abs(members[best] - scaled)) best = index;
  });
  const isInside = best < members.length - 1;
  const magnitude = members[Math.min(best, members.length - 2)] * 2 ** -binaryPoint;
  return { y: (value < 0 ? -magnitude : magnitude) + 0, isInside };
}

const numbers = (tensor: tf.Tensor) => ({ shape: tensor.shape, values: Float32Array.from(tensor.dataSync()) });
const random = randomSource(7);
const values = Float32Array.from([
  ...Array.from({ length: 600 }, (_, index) => (index - 300) / 16),
  ...Array.from({ length: 500 }, () => (random() - 0.5) * 2 ** (random() * 12 - 6)),
  ...[0, -0, 3e38, -3e38, 2 ** -149],
]);

for (const backend of ['wasm', 'cpu'] as const) {
  describe(`casts to K-hot numbers on the ${backend} backend`, () => {
    it.each(kHotTypes)('give the nearest member and its gradients: %o', async (type) => {
      await initializeBackend(backend);
      for (const binaryPoints of [[2], [1, -1, 3]]) {
        const channels = binaryPoints.length;
        const x = values.slice(0, values.length - (values.length % channels));
        const dy = x.map((value) => (Math.abs(value) > 1e6 ? 0 : random() - 0.5));
        const attributes = { ...type, binaryPoints, positionScale: 3 };
        const shape = [x.length / channels, channels];
        const inputs = { x: tf.tensor(x, shape), dy: tf.tensor(dy, shape) };
        const [y] = runKernel(castKernel.name, { x: inputs.x }, attributes);
        const [dx, dp] = runKernel(castGradientKernel.name, inputs, attributes);
        const [error] = runKernel(castErrorKernel.name, { x: tf.clipByValue(inputs.x, -20, 20) }, attributes);
        const expected = [...x].map((value, index) => project(value, attributes, binaryPoints[index % channels]));
        expect([...y.dataSync()]).toEqual(expected.map((one) => one.y));
        expect([...y.dataSync()].some((value) => Object.is(value, -0))).toBe(false);
        expect([...dx.dataSync()]).toEqual(expected.map(({ isInside }, index) => (isInside ? dy[index] : 0)));
        const positions = new Array<number>(channels).fill(0);
        const errors = new Array<number>(channels).fill(0);
        expected.forEach(({ y: member, isInside }, index) => {
          const towards = isInside ? x[index] - member : -member;
          positions[index % channels] += 3 * Math.LN2 * dy[index] * towards;
          const clipped = Math.max(-20, Math.min(20, x[index]));
          errors[index % channels] += (clipped - project(clipped, attributes, binaryPoints[index % channels]).y) ** 2;
        });
        expectClose(numbers(dp), { shape: [channels], values: Float32Array.from(positions) }, 'binary points');
        expectClose(numbers(error), { shape: [channels], values: Float32Array.from(errors) }, 'errors');
        tf.dispose([y, dx, dp, error, inputs.x, inputs.dy]);
      }
    });

    it('leave NaN as it is', async () => {
      await initializeBackend(backend);
      const [y] = runKernel(castKernel.name, { x: tf.tensor([NaN, 1]) }, { ...kHotTypes[0], binaryPoints: [0] });
      expect([...y.dataSync()]).toEqual([NaN, 1]);
    });
  });
}
