import type { FixedPointType } from '../../qfx/number/type.js';
import { exactCastKernel } from '../kernels/exact-cast.js';
import { runKernel, tf } from '../tensorflow.js';

/** Widest exact result that the training graph computes: one bit less than a double carries, for the order of additions. */
export const maximumExactBits = 52;

/**
 * An exact result before its cast: `scale * (sum of the parts) + offset`. Every part is exact in float32; the whole may need
 * more bits than float32 has. Scale and offset repeat along the last axes: as many as channels, or as values of an image.
 */
export interface ExactValue {
  readonly parts: readonly tf.Tensor[];
  readonly scale?: Float32Array;
  readonly offset?: Float32Array;
}

const one = Float32Array.of(1);

/** The cast of an exact result; without a type the float32 next to it. */
export function castExactly(value: ExactValue, type?: FixedPointType): tf.Tensor {
  return tf.tidy(() => {
    const { parts, scale = value.offset?.map(() => 1) ?? one, offset = scale.map(() => 0) } = value;
    const stacked = parts.length === 1 ? parts[0].expandDims(0) : tf.stack([...parts]);
    return runKernel(
      exactCastKernel.name,
      { parts: stacked, scale: tf.tensor1d(scale), offset: tf.tensor1d(offset) },
      { type },
    )[0];
  });
}
