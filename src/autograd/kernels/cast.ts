import { overflowStep, numberRange } from '../../qfx/number/round.js';
import type { FixedPointType, Rounding } from '../../qfx/number/type.js';
import type { PlainKernel } from '../tensorflow.js';

/**
 * The fixed-point cast of a float32 tensor, and its gradient (numbers: docs/number-system.md).
 * Exact for every float32: scaling by a power of two and the comparisons below are exact in doubles.
 */

/** What both kernels need to know: a type whose binary point is one number, or one an index of the last axis. */
export interface CastAttributes extends Omit<FixedPointType, 'binaryPoint'> {
  /** One binary point, or as many as the last axis is long. */
  readonly binaryPoints: readonly number[];
}

/** `QfxCast`: x of any shape -> y of the same shape, y = cast(x), never -0. NaN stays NaN. */
export const castKernel: PlainKernel<CastAttributes> = {
  name: 'QfxCast',
  inputs: ['x'],
  outputShapes: ([x]) => [x],
  compute: ([x], [y], _shapes, attributes) => castValues(x, y, attributes),
};

/**
 * `QfxCastGrad`: x, dy (one shape) -> dx (that shape) and dp (as many as there are binary points), p the binary point as
 * a real number. Inside the range dx = dy and dp sums dy * ln2 * (x - y); saturated dx = 0 and dp sums -dy * ln2 * y.
 */
export const castGradientKernel: PlainKernel<CastAttributes> = {
  name: 'QfxCastGrad',
  inputs: ['x', 'dy'],
  outputShapes: ([x], { binaryPoints }) => [x, [binaryPoints.length]],
  compute: ([x, dy], [dx, dp], _shapes, attributes) => castGradientValues(x, dy, dx, dp, attributes),
};

/** y[i] = cast(x[i]); the binary points repeat along x. */
export function castValues(x: Float32Array, y: Float32Array, attributes: CastAttributes): void {
  const { binaryPoints, rounding } = attributes;
  const range = numberRange({ ...attributes, binaryPoint: 0 });
  const { minimum, maximum } = range;
  const overflow = overflowStep(attributes.overflow);
  // The usual mode apart from the switch, which would cost as much as all the rest of the loop.
  const isDefaultRounding = rounding === 'AP_RND';
  for (let channel = 0; channel < binaryPoints.length; channel++) {
    const scale = 2 ** binaryPoints[channel];
    const step = 2 ** -binaryPoints[channel];
    for (let index = channel; index < x.length; index += binaryPoints.length) {
      const scaled = x[index] * scale;
      let raw = isDefaultRounding ? Math.floor(scaled + 0.5) : roundScaled(scaled, rounding);
      if (raw < minimum || raw > maximum) raw = overflow(raw, range);
      // Adding 0 turns -0 into 0.
      y[index] = raw * step + 0;
    }
  }
}

/** The gradients of `castValues`; a wrapping type trains as a saturating one. Sums are doubles, in the order of x. */
export function castGradientValues(
  x: Float32Array,
  dy: Float32Array,
  dx: Float32Array,
  dp: Float32Array,
  attributes: CastAttributes,
): void {
  const { binaryPoints, rounding } = attributes;
  const range = numberRange({ ...attributes, binaryPoint: 0 });
  const { minimum, maximum } = range;
  const overflow = overflowStep(trainingOverflow(attributes.overflow));
  const isDefaultRounding = rounding === 'AP_RND';
  for (let channel = 0; channel < binaryPoints.length; channel++) {
    const scale = 2 ** binaryPoints[channel];
    const step = 2 ** -binaryPoints[channel];
    let sum = 0;
    for (let index = channel; index < x.length; index += binaryPoints.length) {
      const value = x[index];
      const gradient = dy[index];
      const scaled = value * scale;
      const raw = isDefaultRounding ? Math.floor(scaled + 0.5) : roundScaled(scaled, rounding);
      if (raw < minimum || raw > maximum) {
        dx[index] = 0;
        sum -= gradient * overflow(raw, range) * step;
      } else {
        dx[index] = gradient;
        sum += gradient * (value - raw * step);
      }
    }
    dp[channel] = Math.LN2 * sum;
  }
}

/** The overflow mode under which a type trains: wrapping has no useful gradient. */
export function trainingOverflow(overflow: FixedPointType['overflow']): FixedPointType['overflow'] {
  return overflow === 'AP_WRAP' ? 'AP_SAT' : overflow;
}

/**
 * Rounds a float32 times a power of two. `floor(value + 1/2)` in doubles is exact for such values: their last bit is at
 * most 24 bits below the first, and where the sum is rounded (below 2^-29) it stays next to 1/2.
 */
function roundScaled(value: number, rounding: Rounding): number {
  switch (rounding) {
    case 'AP_RND':
      return Math.floor(value + 0.5);
    case 'AP_TRN':
      return Math.floor(value);
    case 'AP_TRN_ZERO':
      return Math.trunc(value);
    case 'AP_RND_MIN_INF':
      return Math.ceil(value - 0.5);
    case 'AP_RND_ZERO':
      return value < 0 ? Math.floor(value + 0.5) : Math.ceil(value - 0.5);
    case 'AP_RND_INF':
      return value < 0 ? Math.ceil(value - 0.5) : Math.floor(value + 0.5);
    case 'AP_RND_CONV': {
      const up = Math.floor(value + 0.5);
      return up - value === 0.5 && up % 2 !== 0 ? up - 1 : up;
    }
  }
}
