import { rawRange, overflows, roundings } from '../../src/qfx/number/type.js';
import type { FixedPointFormat, FixedPointType } from '../../src/qfx/number/type.js';

/**
 * What the number system is compared on with other implementations. The oracles' programs walk through the same
 * lists in the same order and write one 64-bit integer for each result.
 */

/** Every source value is cast to every target. */
export interface CastBlock {
  readonly from: FixedPointFormat;
  readonly sources: readonly bigint[];
  readonly targets: readonly FixedPointType[];
}

/** Every pair of values is added, subtracted and multiplied. */
export interface OperationBlock {
  readonly a: FixedPointFormat;
  readonly b: FixedPointFormat;
}

const modes = roundings.flatMap((rounding) => overflows.map((overflow) => ({ rounding, overflow })));

const fixed = (wordLength: number, binaryPoint: number): FixedPointFormat => ({
  signed: true,
  wordLength,
  binaryPoint,
});
const unsigned = (wordLength: number, binaryPoint: number): FixedPointFormat => ({
  signed: false,
  wordLength,
  binaryPoint,
});

/** A target of a source: `droppedBits` fewer bits right of the binary point. */
const target = (
  from: FixedPointFormat,
  signed: boolean,
  wordLength: number,
  droppedBits: number,
): FixedPointFormat => ({
  signed,
  wordLength,
  binaryPoint: from.binaryPoint - droppedBits,
});

/** All modes of a target; AP_SAT_SYM on one signed bit is refused by QFX, since the two oracles disagree on it. */
const inAllModes = (format: FixedPointFormat): FixedPointType[] =>
  modes
    .map((mode) => ({ ...format, ...mode }))
    .filter(({ signed, wordLength, overflow }) => !(signed && wordLength === 1 && overflow === 'AP_SAT_SYM'));

function everyValue(format: FixedPointFormat): bigint[] {
  const { minimum, maximum } = rawRange(format);
  return Array.from({ length: Number(maximum - minimum) + 1 }, (_, index) => minimum + BigInt(index));
}

/** Small types with the binary point inside, left and right of the word; targets that drop bits, add bits, keep none. */
export const smallCasts: readonly CastBlock[] = [
  fixed(6, 2),
  unsigned(6, 9),
  fixed(5, -3),
  unsigned(5, 0),
  fixed(1, 1),
].map((from) => ({
  from,
  sources: everyValue(from),
  targets: [
    target(from, true, 3, 1),
    target(from, false, 4, 2),
    target(from, false, 2, from.wordLength + 1),
    target(from, true, 1, 3),
    target(from, false, 9, 0),
  ].flatMap(inAllModes),
}));

/** All 16,384 values of 14-bit words: the bulk of the casts. */
export const largeCasts: readonly CastBlock[] = [fixed(14, 8), unsigned(14, 5)].map((from) => ({
  from,
  sources: everyValue(from),
  targets: [
    target(from, true, 8, 4),
    target(from, false, 6, 5),
    target(from, true, 4, 10),
    target(from, false, 12, 1),
    target(from, true, 12, -2),
  ].flatMap(inAllModes),
}));

/** Words around 53 and up to 64 bits, where values are sampled: ends, neighbours of powers of two, and ties. */
export const wideCasts: readonly CastBlock[] = [
  { from: fixed(64, 20), shapes: [[true, 64, 3] as const, [false, 8, 40] as const] },
  { from: unsigned(64, 70), shapes: [[true, 53, 11] as const, [false, 64, -9] as const] },
  { from: fixed(54, 10), shapes: [[true, 20, -40] as const, [true, 52, 1] as const] },
].map(({ from, shapes }) => ({
  from,
  sources: valuesAroundPowers(from),
  targets: shapes.flatMap(([signed, wordLength, droppedBits]) =>
    inAllModes(target(from, signed, wordLength, droppedBits)),
  ),
}));

function valuesAroundPowers(format: FixedPointFormat): bigint[] {
  const { minimum, maximum } = rawRange(format);
  const powers = Array.from({ length: format.wordLength + 1 }, (_, bits) => 1n << BigInt(bits));
  const near = powers.flatMap((power) => [-3n, -1n, 0n, 1n, 2n].flatMap((step) => [power + step, power * 3n + step]));
  const all = [minimum, maximum, ...near, ...near.map((value) => -value), ...near.map((value) => minimum + value)];
  return [...new Set(all)].filter((value) => value >= minimum && value <= maximum);
}

/** Operands of both signs, with overlapping, touching and distant words. */
export const operations: readonly OperationBlock[] = [
  { a: fixed(5, 2), b: fixed(6, 3) },
  { a: fixed(5, 2), b: unsigned(6, 5) },
  { a: unsigned(6, 0), b: fixed(5, 7) },
  { a: unsigned(5, -4), b: unsigned(6, 2) },
  { a: fixed(6, 10), b: unsigned(4, -5) },
  { a: unsigned(3, 3), b: fixed(1, 0) },
  { a: fixed(8, -2), b: fixed(8, 9) },
  { a: unsigned(8, 8), b: unsigned(8, 8) },
];

/** All values of both operands of a block, the second one running faster. */
export function operandPairs({ a, b }: OperationBlock): { a: bigint; b: bigint }[] {
  const second = everyValue(b);
  return everyValue(a).flatMap((left) => second.map((right) => ({ a: left, b: right })));
}
