import type { FixedPointFormat, FixedPointType } from '../../qfx/number/type.js';
import { castKernel } from '../kernels/cast.js';
import { channelAffineKernel } from '../kernels/channels.js';
import { exactCastKernel } from '../kernels/exact-cast.js';
import { maximumTrainedWordLength } from '../quantizer-config.js';
import { runKernel, tf } from '../tensorflow.js';

/** Widest exact result that the training graph computes: one bit less than a double carries, for the order of additions. */
export const maximumExactBits = 52;

/** 24 bits at a smaller binary point leave the range of float32. */
const smallestFloatBinaryPoint = -100;

/**
 * An exact result before its cast: `scale * (sum of the parts) + offset`. Every part is exact in float32; the whole may need
 * more bits than float32 has. Scale and offset repeat along the last axes: as many as channels, or as values of an image.
 */
export interface ExactValue {
  readonly parts: readonly tf.Tensor[];
  readonly scale?: Float32Array;
  readonly offset?: Float32Array;
}

/** The float32 next to an exact result: the result itself where that needs no more than 24 bits. */
export function nearestFloat({ parts, scale, offset }: ExactValue): tf.Tensor {
  const sum = parts.length === 1 ? parts[0].clone() : tf.addN([...parts]);
  if (scale === undefined && offset === undefined) return sum;
  return runKernel(channelAffineKernel.name, { x: sum, affine: tf.stack(factorsOf(scale, offset)) }, {})[0];
}

/**
 * The cast of an exact result.
 * @param exactType the format of the result before the cast, of at most 52 bits
 */
export function castExactly(value: ExactValue, exactType: FixedPointFormat, type: FixedPointType): tf.Tensor {
  const isFloat = exactType.wordLength <= maximumTrainedWordLength && exactType.binaryPoint >= smallestFloatBinaryPoint;
  if (isFloat) {
    return runKernel(castKernel.name, { x: nearestFloat(value) }, { ...type, binaryPoints: [type.binaryPoint] })[0];
  }
  const { parts } = value;
  const stacked = parts.length === 1 ? parts[0].expandDims(0) : tf.stack([...parts]);
  const [scale, offset] = factorsOf(value.scale, value.offset);
  return runKernel(exactCastKernel.name, { parts: stacked, scale, offset }, { type })[0];
}

/** Scale and offset, equally long. */
function factorsOf(scale: Float32Array | undefined, offset: Float32Array | undefined): [tf.Tensor1D, tf.Tensor1D] {
  const length = scale?.length ?? offset?.length ?? 1;
  return [tf.tensor1d(scale ?? new Float32Array(length).fill(1)), tf.tensor1d(offset ?? new Float32Array(length))];
}
