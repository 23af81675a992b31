import { QfxError } from '../errors.js';
import { digitKinds } from './type.js';
import type { DigitKind, FixedPointFormat, KHot } from './type.js';

/**
 * K-hot numbers: sums of at most K distinct powers of two, so that a product with one is K shifts and K - 1 additions. They
 * are signs and magnitudes; a magnitude of n bits is below 2^n.
 */

/**
 * How a real number becomes K-hot. `nearest`: to the nearest member of the set, a tie to the larger magnitude. `leading-ones`:
 * to the nearest integer, of which the K leading ones stay; it makes magnitudes too small, and is for comparison. `sign`: to 1 or
 * -1 (0 to 1), which leaves two of the three numbers of one power of two in words of two bits: binary weights.
 */
export const projections = ['nearest', 'leading-ones', 'sign'] as const;
export type Projection = (typeof projections)[number];

/** A set and the way into it: what a quantizer needs to know. */
export interface KHotProjection extends KHot {
  readonly projection: Projection;
}

/** One power of two: + 2^exponent, or - 2^exponent. */
export interface Term {
  readonly exponent: number;
  readonly negative: boolean;
}

export const maximumTerms = 4;
/** Longest word of a K-hot number, in bits: projections are tables over all magnitudes. */
export const maximumKHotWordLength = 16;

/** Bits of the magnitudes of a word. */
export function magnitudeBits({
  signed,
  wordLength,
}: {
  readonly signed: boolean;
  readonly wordLength: number;
}): number {
  return Math.max(0, wordLength - (signed ? 1 : 0));
}

/**
 * Throws unless the set is one that QFX knows, in words of this length.
 * @param where what the error says first, for example `layer "conv1": weights`
 */
export function validateKHot({ terms, digits }: KHot, wordLength: number, where: string): void {
  if (!Number.isInteger(terms) || terms < 1 || terms > maximumTerms) {
    throw new QfxError(where, `${terms} K-hot terms, allowed: whole numbers 1 to ${maximumTerms}`);
  }
  if (!digitKinds.includes(digits)) {
    throw new QfxError(where, `K-hot digits ${String(digits)}, allowed: ${digitKinds.join(', ')}`);
  }
  if (wordLength > maximumKHotWordLength) {
    throw new QfxError(where, `K-hot words of ${wordLength} bits, allowed: at most ${maximumKHotWordLength}`);
  }
}

/** How many powers of two a magnitude below 2^30 takes, at least. */
export function countTerms(magnitude: number, digits: DigitKind): number {
  // Ones of m xor 3m are the digits of the non-adjacent form, which has the fewest (Reitwiesner, 1960).
  return countOnes(digits === 'plain' ? magnitude : (magnitude ^ (3 * magnitude)) >>> 0);
}

/** The most powers of two that a number of the set takes, with magnitudes below 2^bits. */
export function mostTerms(bits: number, { terms, digits }: KHot): number {
  if (bits === 0) return 0;
  // Digits of the non-adjacent form are never neighbours, and the first one may be 2^bits.
  return Math.min(terms, digits === 'plain' ? bits : Math.floor(bits / 2) + 1);
}

/** Whether a raw integer belongs to the set. */
export function isKHot(raw: number, { terms, digits }: KHot): boolean {
  return countTerms(Math.abs(raw), digits) <= terms;
}

/**
 * The powers of two whose sum is a raw integer, the largest first: as few as there can be.
 * @throws QfxError for an integer outside the set
 */
export function termsOf(raw: number, kHot: KHot): Term[] {
  if (!isKHot(raw, kHot)) {
    throw new QfxError('K-hot', `${raw} is no sum of ${kHot.terms} ${kHot.digits} powers of two`);
  }
  const negative = raw < 0;
  const terms: Term[] = [];
  let rest = Math.abs(raw);
  for (let exponent = 0; rest > 0; exponent++) {
    if (rest % 2 !== 0) {
      // Ending in ...01 a number has the digit 1, ending in ...11 the digit -1, which makes a run of ones one higher 1.
      const digit = kHot.digits === 'plain' || rest % 4 === 1 ? 1 : -1;
      terms.unshift({ exponent, negative: negative !== digit < 0 });
      rest -= digit;
    }
    rest /= 2;
  }
  return terms;
}

/** All magnitudes of a set below 2^bits, ascending from 0. */
export function kHotMagnitudes(bits: number, { terms, digits }: KHot): number[] {
  const magnitudes: number[] = [];
  for (let magnitude = 0; magnitude < 2 ** bits; magnitude++) {
    if (countTerms(magnitude, digits) <= terms) magnitudes.push(magnitude);
  }
  return magnitudes;
}

/** The projection of real magnitudes, as a table. */
export interface ProjectionTable {
  /** For each half unit the member of the set: that of a magnitude a, in units of the last bit, is at floor(2 a). */
  readonly members: Uint16Array;
  /**
   * From this index on a magnitude is saturated: were there further powers of two, it would have become a larger number than
   * the largest member.
   */
  readonly saturation: number;
}

/**
 * The table of a projection of magnitudes below 2^bits; beyond its end the last member holds.
 * Between half units nothing changes: the middle of two members is a whole number of them.
 */
export function projectionTable(bits: number, kHot: KHotProjection): ProjectionTable {
  const key = `${bits} ${kHot.terms} ${kHot.digits} ${kHot.projection}`;
  let table = tables.get(key);
  if (table === undefined) tables.set(key, (table = makeTable(bits, kHot)));
  return table;
}

/** There are few different ones in a network, and each step of training asks for all of them. */
const tables = new Map<string, ProjectionTable>();

function makeTable(bits: number, kHot: KHotProjection): ProjectionTable {
  const members = new Uint16Array(2 ** (bits + 1));
  const end = 2 ** bits;
  if (kHot.projection === 'leading-ones') {
    for (let half = 0; half < members.length; half++) {
      members[half] = keepLeadingOnes(Math.min(Math.floor((half + 1) / 2), end - 1), kHot.terms);
    }
    return { members, saturation: members.length - 1 };
  }
  const magnitudes = kHot.projection === 'sign' ? [1] : kHotMagnitudes(bits, kHot);
  let below = 0;
  for (let half = 0; half < members.length; half++) {
    // The middle of two members, in half units, is their sum.
    while (below + 1 < magnitudes.length && half >= magnitudes[below] + magnitudes[below + 1]) below++;
    members[half] = magnitudes[below];
  }
  return { members, saturation: magnitudes[magnitudes.length - 1] + end };
}

/**
 * The raw integers of doubles, exactly: the member of the set that the projection chooses.
 * @throws QfxError later, for NaN and infinities
 */
export function compileProjection(format: FixedPointFormat, kHot: KHotProjection): (value: number) => number {
  const { members } = projectionTable(magnitudeBits(format), kHot);
  const halves = 2 ** (format.binaryPoint + 1);
  return (value) => {
    if (!Number.isFinite(value)) throw new QfxError('cast', `${value} is not a finite number`);
    if (value < 0 && !format.signed) return 0;
    const member = members[Math.min(Math.floor(Math.abs(value) * halves), members.length - 1)];
    return value < 0 && member !== 0 ? -member : member;
  };
}

function keepLeadingOnes(magnitude: number, count: number): number {
  let kept = 0;
  for (let rest = magnitude, ones = 0; rest > 0 && ones < count; ones++) {
    const one = 2 ** (31 - Math.clz32(rest));
    kept += one;
    rest -= one;
  }
  return kept;
}

function countOnes(value: number): number {
  let count = 0;
  for (let rest = value; rest !== 0; rest = (rest & (rest - 1)) >>> 0) count++;
  return count;
}
