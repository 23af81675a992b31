import { compileRealCast } from '../../qfx/number/real.js';
import type { FixedPointType } from '../../qfx/number/type.js';
import type { PlainKernel } from '../tensorflow.js';

/**
 * Results that need more than float32's 24 bits: sums of exact parts, times a factor, plus a summand, in doubles, then one
 * cast. The caller has proved that all of it fits the 53 bits of a double, so nothing is lost before the cast.
 */
export interface ExactCastAttributes {
  /** The cast; without one the result is the nearest float32. */
  readonly type?: FixedPointType;
}

/**
 * `QfxExactCast`: parts [parts, ...shape], scale [period], offset [period] -> y [...shape] with
 * y[i] = cast(scale[i % period] * sum over k of parts[k][i] + offset[i % period]).
 */
export const exactCastKernel: PlainKernel<ExactCastAttributes> = {
  name: 'QfxExactCast',
  inputs: ['parts', 'scale', 'offset'],
  outputShapes: ([parts]) => [parts.slice(1)],
  compute: ([parts, scale, offset], [y], [partsShape], { type }) => {
    const toReal = type === undefined ? (value: number) => value + 0 : castToReal(type);
    const count = partsShape[0];
    const period = scale.length;
    for (let start = 0; start < y.length; start += period) {
      for (let channel = 0; channel < period; channel++) {
        const index = start + channel;
        let sum = parts[index];
        for (let part = 1; part < count; part++) sum += parts[part * y.length + index];
        y[index] = toReal(sum * scale[channel] + offset[channel]);
      }
    }
  },
};

function castToReal(type: FixedPointType): (value: number) => number {
  const cast = compileRealCast(type);
  const step = 2 ** -type.binaryPoint;
  return (value) => cast(value) * step;
}
