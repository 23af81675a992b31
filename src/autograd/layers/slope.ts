import type { IntegerTensor } from '../../qfx/number/raw-array.js';
import type { FixedPointFormat } from '../../qfx/number/type.js';
import type { tf } from '../tensorflow.js';
import { planLimbs, splitConstant, splitTensor } from './limbs.js';

/** max(x, 0) + slope * min(x, 0); the slope is one value, or one for each channel. */
export function applySlope(x: tf.Tensor, slope: tf.Tensor): tf.Tensor {
  return x.relu().sub(x.neg().relu().mul(slope));
}

/**
 * The same as parts that are exact in float32 and whose sum is the result.
 * @param format of x
 * @param slope of one value, or one for each channel
 * @throws QfxError naming the layer where products take too many bits
 */
export function slopeParts(
  x: tf.Tensor,
  format: FixedPointFormat,
  slope: IntegerTensor,
  where: string,
): readonly tf.Tensor[] {
  const plan = planLimbs(format, slope, where);
  const limbs = splitTensor(x.minimum(0), format, plan.input);
  const slopes = splitConstant(slope, plan.weights);
  return [x.relu(), ...limbs.flatMap((limb) => slopes.map((part) => limb.mul(part)))];
}
