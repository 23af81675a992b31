import { bestBinaryPoint } from '../qfx/number/binary-point.js';
import type { UnplacedType } from '../qfx/number/binary-point.js';
import { castErrorKernel } from './kernels/cast-error.js';
import { maximumTrainedBinaryPoint } from './quantizer-config.js';
import { runKernel } from './tensorflow.js';
import type { tf } from './tensorflow.js';

/**
 * How far apart two squared errors must be, relative to the smaller, so that the kernel's sums and the doubles of
 * `bestBinaryPoint` put them in the same order. Both are sums of squares: the kernel's are right to 2^-21, those of n doubles
 * to n * 2^-52.
 */
const margin = 1e-5;
/** Smaller errors are told apart by doubles only; float32 has them with few digits or none. */
const smallestTold = 2 ** -100;

/**
 * For each channel what `bestBinaryPoint` chooses among its candidates, found with a fast kernel: only candidates whose errors
 * are too close to tell are left to `bestBinaryPoint` itself.
 * @param columns the values of each channel; x holds them row-major
 * @param candidates as many for each channel
 * @param wordLengths of the channels, where they differ from that of the type
 * @throws QfxError for NaN or infinite values
 */
export function bestBinaryPoints(
  x: tf.Tensor,
  columns: readonly Float32Array[],
  type: UnplacedType,
  candidates: readonly (readonly number[])[],
  wordLengths?: readonly number[],
): number[] {
  const isInReach = candidates.every((points) => points.every((point) => Math.abs(point) <= maximumTrainedBinaryPoint));
  const errors = isInReach
    ? candidates[0].map((_, index) => errorsAt(x, { ...type, wordLengths }, candidates, index))
    : [];
  const typeOf = (channel: number) => ({ ...type, wordLength: wordLengths?.[channel] ?? type.wordLength });
  return candidates.map((points, channel) => {
    const smallest = Math.min(...errors.map((error) => error[channel]));
    const told = Math.max(smallest * (1 + margin), smallestTold);
    const close = [...new Set(points.filter((_, index) => !(errors[index]?.[channel] > told)))];
    return close.length === 1 ? close[0] : bestBinaryPoint(columns[channel], typeOf(channel), close).binaryPoint;
  });
}

/** Squared errors of all channels, each at its candidate of this index. */
function errorsAt(
  x: tf.Tensor,
  type: UnplacedType & { readonly wordLengths?: readonly number[] },
  candidates: readonly (readonly number[])[],
  index: number,
): ArrayLike<number> {
  const binaryPoints = candidates.map((points) => points[index]);
  const [errors] = runKernel(castErrorKernel.name, { x }, { ...type, binaryPoints });
  const values = errors.dataSync();
  errors.dispose();
  return values;
}
