import { compileRealCast } from '../../qfx/number/real.js';
import type { FixedPointType } from '../../qfx/number/type.js';
import type { PlainKernel } from '../tensorflow-kernels.js';

/**
 * Results that need more than float32's 24 bits: sums of exact parts, times a factor, plus a summand, in doubles, then one
 * cast. The caller has proved that all of it fits the 53 bits of a double, so nothing is lost before the cast.
 */
interface ExactCastAttributes {
  readonly type: FixedPointType;
}

/**
 * `QfxExactCast`: parts [parts, ...shape], scale [period], offset [period] -> y [...shape] with
 * y[i] = cast(scale[i % period] * sum over k of parts[k][i] + offset[i % period]). For inference only, no gradients.
 */
export const exactCastKernel: PlainKernel<ExactCastAttributes> = {
  name: 'QfxExactCast',
  inputs: ['parts', 'scale', 'offset'],
  outputShapes: ([parts]) => [parts.slice(1)],
  compute: ([parts, scale, offset], [y], [[count]], { type }) => {
    const cast = compileRealCast(type);
    const step = 2 ** -type.binaryPoint;
    const length = y.length;
    let position = 0;
    for (let index = 0; index < length; index++) {
      let sum = parts[index];
      for (let part = 1; part < count; part++) sum += parts[part * length + index];
      y[index] = cast(sum * scale[position] + offset[position]) * step;
      if (++position === scale.length) position = 0;
    }
  },
};
