import { compileProjection, magnitudeBits, projectionTable } from '../qfx/number/k-hot.js';
import { compileRealCast } from '../qfx/number/real.js';
import { overflowRange } from '../qfx/number/round.js';
import { maximumNumberWordLength } from '../qfx/number/type.js';
import type { FixedPointType } from '../qfx/number/type.js';
import type { Quantizer } from './quantizer.js';
import { peek } from './tensorflow.js';
import type { tf } from './tensorflow.js';

/** What a quantizer does to the values that it casts, as they are in float32. */
export interface QuantizerReport {
  readonly values: number;
  /** Values that were, once rounded, beyond the range of the type. */
  readonly saturated: number;
  /** Values other than 0 that were in range and became 0. */
  readonly underflows: number;
  /** Values that are 0 behind the cast. */
  readonly zeros: number;
  /** All values behind the cast are the same. */
  readonly isConstant: boolean;
  /** In dB: squares of the values over squares of what the cast changed. Null: it changed none. */
  readonly signalToNoise: number | null;
}

/** The cast of one value in units of the last bit, and whether it is beyond the range. */
interface WatchedCast {
  readonly scale: number;
  cast(value: number): number;
  isBeyond(value: number): boolean;
}

/** Casts a tensor as a quantizer would, with its type as it is now, and counts. */
export function reportQuantizer(quantizer: Quantizer, x: tf.Tensor): QuantizerReport {
  const casts = watchCasts(quantizer);
  const counts = { values: 0, saturated: 0, underflows: 0, zeros: 0 };
  let [least, most, signal, noise] = [Infinity, -Infinity, 0, 0];
  const values = peek(x);
  for (let index = 0; index < values.length; index++) {
    const { cast, isBeyond, scale } = casts[index % casts.length];
    const value = values[index];
    const raw = cast(value);
    const result = raw * scale;
    if (isBeyond(value)) counts.saturated++;
    else if (raw === 0 && value !== 0) counts.underflows++;
    if (raw === 0) counts.zeros++;
    least = Math.min(least, result);
    most = Math.max(most, result);
    signal += value * value;
    noise += (result - value) ** 2;
  }
  return {
    ...counts,
    values: values.length,
    isConstant: least === most,
    signalToNoise: noise === 0 ? null : 10 * Math.log10(signal / noise),
  };
}

/** Binary points below its own at which a quantizer is tried: integer bits that it may lack. */
const integerBitsTried = 8;

/**
 * True where some more integer bits, and as many fraction bits less, would leave a quantizer with at most half of its squared
 * error on `x`. That values saturate is no fault by itself: at few bits it is the best that a word can do.
 */
export function wantsRange(quantizer: Quantizer, x: tf.Tensor): boolean {
  const values = peek(x);
  const allowed = squaredError(watchCasts(quantizer), values) / 2;
  return Array.from({ length: integerBitsTried }, (_, index) => index + 1).some(
    (integerBits) => squaredError(watchCasts(quantizer, integerBits), values) <= allowed,
  );
}

function squaredError(casts: readonly WatchedCast[], values: Float32Array): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) {
    const { cast, scale } = casts[index % casts.length];
    sum += (cast(values[index]) * scale - values[index]) ** 2;
  }
  return sum;
}

/**
 * One for all values, or one a channel.
 * @param integerBits more than the quantizer has, in the same word
 */
function watchCasts(quantizer: Quantizer, integerBits = 0): WatchedCast[] {
  const { binaryPoints, wordLengths } = quantizer;
  const { signed, rounding, overflow, kHot } = quantizer.config;
  return Array.from({ length: Math.max(binaryPoints.length, wordLengths.length) }, (_, channel): WatchedCast => {
    const binaryPoint = (binaryPoints[channel] ?? binaryPoints[0]) - integerBits;
    const type: FixedPointType = {
      ...{ signed, rounding, overflow, binaryPoint },
      wordLength: wordLengths[channel] ?? wordLengths[0],
    };
    const scale = 2 ** -binaryPoint;
    if (kHot !== undefined) {
      const { saturation } = projectionTable(magnitudeBits(type), kHot);
      const isBeyond = (value: number) =>
        (value < 0 && !signed) || Math.floor((2 * Math.abs(value)) / scale) >= saturation;
      return { scale, cast: compileProjection(type, kHot), isBeyond };
    }
    const { minimum, maximum } = overflowRange(type);
    const [low, high] = [Number(minimum), Number(maximum)];
    const round = compileRealCast({ ...type, signed: true, wordLength: maximumNumberWordLength, overflow: 'AP_SAT' });
    const isBeyond = (value: number) => {
      const rounded = round(value);
      return rounded < low || rounded > high;
    };
    return { scale, cast: compileRealCast(type), isBeyond };
  });
}
