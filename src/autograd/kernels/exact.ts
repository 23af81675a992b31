import { compileRealCast } from '../../qfx/number/real.js';
import { runKernel } from '../tensorflow.js';
import type { PlainKernel, tf } from '../tensorflow.js';
import type { CastAttributes } from './cast.js';

/**
 * Casts of numbers that no float32 holds. The operands are exact float32 tensors; sums and products are formed in doubles,
 * which is exact as long as every operand, product and sum needs at most 53 bits from its last bit to its first: callers
 * prove that by their types. For inference only, no gradients.
 */

interface LimbAttributes extends CastAttributes {
  /** Power of two by which the high limb counts more. */
  readonly shift: number;
}

/** `QfxCastLimbs`: high, low (one shape) -> cast(high * 2^shift + low). */
export const castLimbsKernel: PlainKernel<LimbAttributes> = {
  name: 'QfxCastLimbs',
  inputs: ['high', 'low'],
  outputShapes: ([high]) => [high],
  compute: ([high, low], [y], _shapes, attributes) => {
    const weight = 2 ** attributes.shift;
    castEach(y, attributes, (index) => high[index] * weight + low[index]);
  },
};

/** `QfxCastAffine`: x, a, b -> cast(a * x + b); a and b repeat along x. */
export const castAffineKernel: PlainKernel<CastAttributes> = {
  name: 'QfxCastAffine',
  inputs: ['x', 'a', 'b'],
  outputShapes: ([x]) => [x],
  compute: ([x, a, b], [y], _shapes, attributes) =>
    castEach(y, attributes, (index) => a[index % a.length] * x[index] + b[index % b.length]),
};

function castEach(y: Float32Array, attributes: CastAttributes, valueAt: (index: number) => number): void {
  const { binaryPoints } = attributes;
  const casts = binaryPoints.map((binaryPoint) => compileRealCast({ ...attributes, binaryPoint }));
  for (let index = 0; index < y.length; index++) {
    const channel = index % casts.length;
    y[index] = casts[channel](valueAt(index)) * 2 ** -binaryPoints[channel];
  }
}

/**
 * cast(high * 2^shift + low) without losing a bit in between.
 * @param high and `low`: tensors of one shape
 * @param type one binary point, or one for each index of the last axis
 */
export function castLimbs(high: tf.Tensor, low: tf.Tensor, shift: number, type: CastAttributes): tf.Tensor {
  return runKernel(castLimbsKernel.name, { high, low }, { ...type, shift })[0];
}

/**
 * cast(a * x + b) without losing a bit in between: batch normalisation, or a sum times a reciprocal (b = 0).
 * @param a and `b`: their shapes are ends of the shape of `x` ([C] per channel, [H, W, C] per position), or a single number
 * @param type one binary point, or one for each index of the last axis
 */
export function castAffine(x: tf.Tensor, a: tf.Tensor, b: tf.Tensor, type: CastAttributes): tf.Tensor {
  return runKernel(castAffineKernel.name, { x, a, b }, type)[0];
}
