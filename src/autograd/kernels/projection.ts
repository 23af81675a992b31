import { magnitudeBits, projectionTable } from '../../qfx/number/k-hot.js';
import type { KHotProjection } from '../../qfx/number/k-hot.js';

/**
 * The cast to K-hot numbers and its gradient: a table gives the member of the set for each half unit of the last bit. Scaling
 * and looking up are exact for every float32.
 */

interface Projected {
  readonly signed: boolean;
  readonly wordLength: number;
  /** One binary point, or as many as the last axis is long. */
  readonly binaryPoints: readonly number[];
}

/** y[i] = the member of the set that the projection chooses for x[i]; the binary points repeat along x. NaN stays NaN. */
export function projectValues(x: Float32Array, y: Float32Array, type: Projected, kHot: KHotProjection): void {
  const { binaryPoints, signed } = type;
  const { members } = projectionTable(magnitudeBits(type), kHot);
  const last = members.length - 1;
  for (let channel = 0; channel < binaryPoints.length; channel++) {
    const halves = 2 ** (binaryPoints[channel] + 1);
    const step = 2 ** -binaryPoints[channel];
    for (let index = channel; index < x.length; index += binaryPoints.length) {
      const value = x[index];
      const scaled = Math.abs(value) * halves;
      const magnitude = scaled >= last ? members[last] : scaled >= 0 ? members[scaled | 0] : NaN;
      // Adding 0 turns -0 into 0.
      y[index] = (value < 0 ? (signed ? -magnitude : 0) : magnitude) * step + 0;
    }
  }
}

/**
 * The gradients of `projectValues` as those of `castGradientValues`: straight through inside of the range, y the projected
 * value. Values that would only be projected onto the largest member, were the set to go on, count as inside.
 */
export function projectGradientValues(
  x: Float32Array,
  dy: Float32Array,
  dx: Float32Array,
  dp: Float32Array,
  type: Projected,
  kHot: KHotProjection,
  positionFactor: number,
): void {
  const { binaryPoints, signed } = type;
  const { members, saturation } = projectionTable(magnitudeBits(type), kHot);
  const last = members.length - 1;
  for (let channel = 0; channel < binaryPoints.length; channel++) {
    const halves = 2 ** (binaryPoints[channel] + 1);
    const step = 2 ** -binaryPoints[channel];
    let sum = 0;
    for (let index = channel; index < x.length; index += binaryPoints.length) {
      const value = x[index];
      const gradient = dy[index];
      const scaled = Math.abs(value) * halves;
      const member = members[scaled >= last ? last : scaled | 0] * step;
      // An unsigned type ends at 0 below; what rounds to 0 is inside.
      if (!signed && value < 0) {
        const isInside = scaled <= 1;
        dx[index] = isInside ? gradient : 0;
        if (isInside) sum += gradient * value;
      } else if (scaled >= saturation) {
        dx[index] = 0;
        sum -= gradient * (value < 0 ? -member : member);
      } else {
        dx[index] = gradient;
        sum += gradient * (value - (value < 0 ? -member : member));
      }
    }
    dp[channel] = positionFactor * sum;
  }
}
