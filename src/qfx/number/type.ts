/**
 * Fixed-point types. A value is `raw * 2^-binaryPoint` with `raw` an integer of `wordLength` bits
 * (AMD UG1399's ap_fixed<W, I, Q, O> with F = binaryPoint = W - I; F may be negative or above W).
 */

/** Rounding modes of ap_fixed: what a cast does with the bits below the target's last bit. */
export const roundings = [
  'AP_TRN',
  'AP_TRN_ZERO',
  'AP_RND',
  'AP_RND_ZERO',
  'AP_RND_MIN_INF',
  'AP_RND_INF',
  'AP_RND_CONV',
] as const;
export type Rounding = (typeof roundings)[number];

/** Overflow modes of ap_fixed: what a cast does with a rounded value outside the target's range. */
export const overflows = ['AP_WRAP', 'AP_SAT', 'AP_SAT_ZERO', 'AP_SAT_SYM'] as const;
export type Overflow = (typeof overflows)[number];

/** The set of values of one scalar: which raw integers there are, and where the binary point stands. */
export interface FixedPointFormat {
  readonly signed: boolean;
  /** W, 0..64. W = 0 is the constant 0. */
  readonly wordLength: number;
  /** F, the number of bits right of the binary point; may be negative or above the word length. */
  readonly binaryPoint: number;
}

/** The target of a cast of one scalar: a format, and what happens to the bits that do not fit. */
export interface FixedPointType extends FixedPointFormat {
  readonly rounding: Rounding;
  readonly overflow: Overflow;
}

/** One number for a whole tensor, one per index of an axis, or one per element (row-major). */
export type Spread =
  number | { readonly axis: number; readonly values: readonly number[] } | { readonly elements: readonly number[] };

/** `plain` powers are added only; `signed` ones are added or subtracted, which is never worse at the same count. */
export const digitKinds = ['plain', 'signed'] as const;
export type DigitKind = (typeof digitKinds)[number];

/** Which raw integers there are: those whose magnitude is a sum of at most `terms` powers of two. */
export interface KHot {
  /** K, 1 to 4. */
  readonly terms: number;
  readonly digits: DigitKind;
}

/** The format of a tensor's elements; raw values are relative to each element's own binary point. */
export interface TensorFormat {
  readonly signed: boolean;
  readonly wordLength: Spread;
  readonly binaryPoint: Spread;
  /** Of constants: only these raw integers occur, and their products are shifts and additions. */
  readonly kHot?: KHot;
}

/** The target of a cast of a tensor. A `FixedPointType` is one. */
export interface TensorType extends TensorFormat {
  readonly rounding: Rounding;
  readonly overflow: Overflow;
}

/** Widest word that QFX carries, in bits. */
export const maximumWordLength = 64;
/** Word lengths up to this are carried as JavaScript numbers, wider ones as BigInt. */
export const maximumNumberWordLength = 53;

/** Smallest and largest raw integer of a format. */
export function rawRange(format: FixedPointFormat): { minimum: bigint; maximum: bigint } {
  const { signed, wordLength } = format;
  if (wordLength === 0) return { minimum: 0n, maximum: 0n };
  if (!signed) return { minimum: 0n, maximum: (1n << BigInt(wordLength)) - 1n };
  const half = 1n << BigInt(wordLength - 1);
  return { minimum: -half, maximum: half - 1n };
}

/** The smallest format with this binary point that holds 0, `minimum` and `maximum` (raw integers at that binary point). */
export function smallestFormat(minimum: bigint, maximum: bigint, binaryPoint: number): FixedPointFormat {
  const signed = minimum < 0n;
  const bits = (value: bigint) => (value <= 0n ? 0 : value.toString(2).length);
  const wordLength = signed ? Math.max(bits(-minimum - 1n), bits(maximum)) + 1 : bits(maximum);
  return { signed, wordLength, binaryPoint };
}

/** `ap_fixed<W, I>` or `ap_ufixed<W, I>`, the way messages and tables write a format. */
export function describeFormat(format: FixedPointFormat): string {
  return `${format.signed ? 'ap_fixed' : 'ap_ufixed'}<${format.wordLength}, ${format.wordLength - format.binaryPoint}>`;
}

/** `ap_fixed<W, I, Q, O>`. */
export function describeType(type: FixedPointType): string {
  return `${describeFormat(type).slice(0, -1)}, ${type.rounding}, ${type.overflow}>`;
}

/** The value of a spread at a row-major element index of a tensor of this shape. */
export function spreadAt(spread: Spread, shape: readonly number[], index: number): number {
  if (typeof spread === 'number') return spread;
  if ('elements' in spread) return spread.elements[index];
  let stride = 1;
  for (let axis = shape.length - 1; axis > spread.axis; axis--) stride *= shape[axis];
  return spread.values[Math.floor(index / stride) % shape[spread.axis]];
}

/** All values that occur in a spread. */
export function spreadValues(spread: Spread): readonly number[] {
  if (typeof spread === 'number') return [spread];
  return 'elements' in spread ? spread.elements : spread.values;
}

/** The longest word length that occurs; of a tensor without elements 0. (As arguments of Math.max, a large tensor's overflow the stack.) */
export function widestWord(wordLength: Spread): number {
  return spreadValues(wordLength).reduce((widest, bits) => Math.max(widest, bits), 0);
}

/** True when every element has the same word length and binary point. */
export function isUniform(format: TensorFormat): format is FixedPointFormat {
  return typeof format.wordLength === 'number' && typeof format.binaryPoint === 'number';
}
