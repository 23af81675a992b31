import { QfxError } from '../errors.js';
import { compileProjection, magnitudeBits } from './k-hot.js';
import type { KHotProjection } from './k-hot.js';
import { compileRealCast, toReal } from './real.js';
import type { FixedPointType } from './type.js';

/** Everything of a type but its binary point; a K-hot one is reached by its projection, not by its modes. */
export interface UnplacedType extends Omit<FixedPointType, 'binaryPoint'> {
  readonly kHot?: KHotProjection;
}

export interface BinaryPointChoice {
  readonly binaryPoint: number;
  /** Sum of (value - cast(value))^2 over all values. */
  readonly squaredError: number;
}

/** How many binary points `plausibleBinaryPoints` lists. */
const candidateCount = 10;

/** Sum of (value - cast(value))^2 over all values, in doubles. */
export function squaredErrorAt(values: ArrayLike<number>, type: UnplacedType & FixedPointType): number {
  const { kHot } = type;
  const cast = kHot === undefined ? compileRealCast(type) : compileProjection(type, kHot);
  const step = toReal(1, type);
  let sum = 0;
  for (let index = 0; index < values.length; index++) {
    const error = values[index] - cast(values[index]) * step;
    sum += error * error;
  }
  return sum;
}

/**
 * Ten binary points, ascending. The first leaves one bit unused above the largest magnitude, the second is the largest
 * that never saturates (but for rounding), and each further one trades another bit of range for a bit of resolution.
 */
export function plausibleBinaryPoints(values: ArrayLike<number>, type: UnplacedType): number[] {
  let largest = 0;
  for (let index = 0; index < values.length; index++) {
    if (!Number.isFinite(values[index])) {
      throw new QfxError('binary point', `value ${index} is ${values[index]}, allowed: finite numbers`);
    }
    largest = Math.max(largest, type.signed ? Math.abs(values[index]) : values[index]);
  }
  const first = magnitudeBits(type) - integerBits(largest) - 1;
  return Array.from({ length: candidateCount }, (_, offset) => first + offset);
}

/** The smallest n with value < 2^n; 0 for 0. */
function integerBits(value: number): number {
  if (value <= 0) return 0;
  // Math.log2 may be off by a last bit next to a power of two, so the neighbours are tried.
  let bits = Math.ceil(Math.log2(value)) - 1;
  while (value >= 2 ** bits) bits++;
  return bits;
}

/**
 * The binary point with the smallest squared error, found by trying all of `candidates` (default:
 * `plausibleBinaryPoints`). Of equal errors the smaller binary point wins, which has the larger range.
 * @throws QfxError for NaN or infinite values
 */
export function bestBinaryPoint(
  values: ArrayLike<number>,
  type: UnplacedType,
  candidates: readonly number[] = plausibleBinaryPoints(values, type),
): BinaryPointChoice {
  let best: BinaryPointChoice | undefined;
  for (const binaryPoint of [...candidates].sort((a, b) => a - b)) {
    const squaredError = squaredErrorAt(values, { ...type, binaryPoint });
    if (best === undefined || squaredError < best.squaredError) best = { binaryPoint, squaredError };
  }
  if (best === undefined) throw new QfxError('binary point', 'no candidates, allowed: at least one binary point');
  return best;
}
