import { isInRange } from '../../number/cast.js';
import { overflowRange, roundingBias } from '../../number/round.js';
import { elementCount } from '../../number/shape.js';
import { isUniform, maximumNumberWordLength, rawRange } from '../../number/type.js';
import type { FixedPointFormat, FixedPointType, TensorFormat, TensorType } from '../../number/type.js';
import { formatAt } from '../../number/validate-type.js';
import { formatPeriod } from '../../operations/operand.js';
import { fits, signedBits, signedRange } from './storage.js';

/** More different casts than this in one tensor are left to the reference. */
const maximumPeriod = 2 ** 16;

/** A cast as the ten integers that assembly/cast.ts describes, computed in integers of `bits` bits. */
interface CastIntegers {
  readonly words: readonly bigint[];
  /** Only a shift right, one bias, and the ends of the range matter. */
  readonly plain: boolean;
}

/** A tensor's values: a format and the shape that its spreads refer to. */
export interface Described {
  readonly shape: readonly number[];
  readonly format: TensorFormat;
}

/**
 * The one cast of all values, on lanes of 32 bits; undefined where they need several, or an integer on the way may need more
 * bits than that.
 */
export function laneCast(from: TensorFormat, to: TensorType): Int32Array | undefined {
  if (!isUniform(from) || !isUniform(to)) return undefined;
  const cast = castIntegers(from, { ...to }, 32);
  return cast && Int32Array.from([...cast.words.map(Number), cast.plain ? 1 : 0]);
}

/**
 * The casts of values one after the other, on 64 bits, and after how many values they repeat; undefined where an integer on
 * the way may need more bits, or where there are too many casts.
 */
export function integerCasts(
  from: Described,
  to: Described & { readonly format: TensorType },
): { casts: BigInt64Array; period: number } | undefined {
  const period = commonPeriod(from, to);
  if (period > maximumPeriod) return undefined;
  const words: bigint[] = [];
  for (let index = 0; index < period; index++) {
    const { rounding, overflow } = to.format;
    const target = { ...formatAt(to.format, to.shape, index), rounding, overflow };
    const cast = castIntegers(formatAt(from.format, from.shape, index), target, 64);
    if (!cast) return undefined;
    for (const word of cast.words) words.push(word);
  }
  return { casts: BigInt64Array.from(words), period };
}

/** True where the cast leaves every raw integer as it is. */
export function isIdentity(from: Described, to: Described & { readonly format: TensorType }): boolean {
  if (!isUniform(from.format) || !isUniform(to.format)) return false;
  if (from.format.binaryPoint !== to.format.binaryPoint) return false;
  return staysInRange(from.format, { ...to.format, rounding: to.format.rounding, overflow: to.format.overflow });
}

function commonPeriod(from: Described, to: Described): number {
  const periods = [from, to].map(({ format, shape }) => formatPeriod({ name: '', format, shape }));
  const [longest, shortest] = periods[0] > periods[1] ? periods : [periods[1], periods[0]];
  return longest % shortest === 0 ? longest : elementCount(from.shape);
}

function staysInRange(from: FixedPointFormat, to: FixedPointType): boolean {
  const { minimum, maximum } = rawRange(from);
  return isInRange(minimum, from.binaryPoint, to) && isInRange(maximum, from.binaryPoint, to);
}

function castIntegers(from: FixedPointFormat, to: FixedPointType, bits: 32 | 64): CastIntegers | undefined {
  if (!fits(from, bits) || !fits(to, bits)) return undefined;
  // Nothing but 0 comes in or goes out.
  if (from.wordLength === 0 || to.wordLength === 0)
    return { words: [0n, 0n, 0n, 0n, 0n, 0n, -1n, 0n, 0n, -1n], plain: true };
  const dropped = from.binaryPoint - to.binaryPoint;
  const left = Math.max(-dropped, 0);
  const right = Math.max(dropped, 0);
  if (signedBits(from) + left > bits) return undefined;
  // The bias needs one bit more than the wider one of the value and the bits that go.
  if (right > 0 && (Math.max(signedBits(from), right) + 1 > bits || right > maximumNumberWordLength)) return undefined;
  const round = roundWords(to, right);
  const overflow = staysInRange(from, to) ? noOverflow(bits) : overflowWords(to, bits);
  const words = [left, right, ...round, ...overflow].map(BigInt);
  const plain = left === 0 && round[1] === 0 && round[2] === 0 && overflow[0] === 0n && overflow[1] === -1n;
  return { words, plain: plain && overflow[4] === -1n };
}

/** Bias, bias of negative values less that of others, 1 for ties to even. */
function roundWords({ rounding }: FixedPointType, right: number): [number, number, number] {
  if (right === 0) return [0, 0, 0];
  const { positive, negative } = roundingBias(rounding, right);
  // A tie is rounded up only where the integer below is odd: the last unit of the bias is that integer's last bit.
  return rounding === 'AP_RND_CONV' ? [positive - 1, 0, 1] : [positive, negative - positive, 0];
}

type OverflowWords = [droppedSignBits: bigint, mask: bigint, minimum: bigint, maximum: bigint, keep: bigint];

function noOverflow(bits: 32 | 64): OverflowWords {
  const { minimum, maximum } = signedRange(bits);
  return [0n, -1n, minimum, maximum, -1n];
}

function overflowWords(to: FixedPointType, bits: 32 | 64): OverflowWords {
  if (to.overflow === 'AP_WRAP') {
    const [, , minimum, maximum, keep] = noOverflow(bits);
    if (to.signed) return [BigInt(bits - to.wordLength), -1n, minimum, maximum, keep];
    return [0n, (1n << BigInt(to.wordLength)) - 1n, minimum, maximum, keep];
  }
  const { minimum, maximum } = overflowRange(to);
  return [0n, -1n, minimum, maximum, to.overflow === 'AP_SAT_ZERO' ? 0n : -1n];
}
