import { QfxError } from '../errors.js';
import { castBigInt } from './cast.js';
import { numberRange, overflowStep } from './round.js';
import { maximumNumberWordLength } from './type.js';
import type { FixedPointFormat, FixedPointType, Rounding } from './type.js';

/**
 * Casts a double, exactly: its full binary expansion is rounded once.
 * @throws QfxError for NaN and infinities
 */
export function castReal(value: number, to: FixedPointType): bigint {
  const { raw, binaryPoint } = decomposeReal(value);
  return castBigInt(raw, binaryPoint, to);
}

/** A finite double as an integer times a power of two, `raw * 2^-binaryPoint`, exactly. */
export function decomposeReal(value: number): { raw: bigint; binaryPoint: number } {
  if (!Number.isFinite(value)) throw new QfxError('cast', `${value} is not a finite number`);
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const exponentField = (bits.getUint16(0) >> 4) & 0x7ff;
  const fraction = bits.getBigUint64(0) & 0xfffffffffffffn;
  // Normal numbers have a hidden leading one; denormals share the exponent of the smallest normals.
  const magnitude = exponentField === 0 ? fraction : fraction | (1n << 52n);
  return { raw: value < 0 ? -magnitude : magnitude, binaryPoint: 1075 - Math.max(exponentField, 1) };
}

/**
 * `castReal` for many values of one type of at most 53 bits: the same results as numbers, never -0.
 * @throws QfxError at once for a wider type, later for NaN and infinities
 */
export function compileRealCast(to: FixedPointType): (value: number) => number {
  if (to.wordLength > maximumNumberWordLength) {
    throw new QfxError('cast', `word length ${to.wordLength}, allowed on numbers: at most ${maximumNumberWordLength}`);
  }
  const scale = 2 ** to.binaryPoint;
  const range = numberRange(to);
  const round = realRounding(to.rounding);
  const overflow = overflowStep(to.overflow);
  return (value) => {
    const scaled = value * scale;
    // Scaling by a power of two is exact, unless it leaves the doubles; bits lost far below 2^-1000 don't change a rounding.
    if (scaled !== 0 && Number.isFinite(scaled)) return overflow(round(scaled), range) + 0;
    return value === 0 ? 0 : Number(castReal(value, to));
  };
}

/** Rounding of a double to an integer. */
function realRounding(rounding: Rounding): (value: number) => number {
  switch (rounding) {
    case 'AP_TRN':
      return Math.floor;
    case 'AP_TRN_ZERO':
      return Math.trunc;
    case 'AP_RND':
      return (value) => nearest(value, true);
    case 'AP_RND_ZERO':
      return (value) => nearest(value, value < 0);
    case 'AP_RND_MIN_INF':
      return (value) => nearest(value, false);
    case 'AP_RND_INF':
      return (value) => nearest(value, value >= 0);
    case 'AP_RND_CONV':
      return (value) => nearest(value, Math.floor(value) % 2 !== 0);
  }
}

/** Compares with the middle, which is exact wherever a value has a fraction; `value - down` loses the last bit of -0.5 + 2^-54. */
function nearest(value: number, tieGoesUp: boolean): number {
  const down = Math.floor(value);
  if (down === value) return value;
  const middle = down + 0.5;
  return value > middle || (value === middle && tieGoesUp) ? down + 1 : down;
}

/**
 * The double of a raw integer: exact up to 53 bits (as far as doubles reach), the nearest double beyond.
 */
export function toReal(raw: number | bigint, format: FixedPointFormat): number {
  // In two steps, since 2^1024 itself isn't a double.
  const half = Math.trunc(format.binaryPoint / 2);
  return Number(raw) * 2 ** -half * 2 ** (half - format.binaryPoint);
}
