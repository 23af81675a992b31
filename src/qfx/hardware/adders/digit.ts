/**
 * A digit of a sum: a term, shifted, added or subtracted. Packed into one integer, so that sums are plain arrays of small
 * integers: term * 128 + shift * 2 + (1 where it is subtracted). Digits sort by term, then shift.
 */
export type Digit = number;

/** Shifts are 0 .. 63. */
export const shiftLimit = 64;

export const packDigit = (term: number, shift: number, negative: number): Digit =>
  (term << 7) | (shift << 1) | negative;
export const termOf = (digit: Digit): number => digit >> 7;
export const shiftOf = (digit: Digit): number => (digit >> 1) & 63;
export const negativeOf = (digit: Digit): number => digit & 1;

/** The same place, whatever its sign: term and shift. */
export const placeOf = (digit: Digit): number => digit >> 1;

/** A digit of another sum in place of one of its uses: `inner` shifted and negated as `outer` is. */
export const composeDigit = (outer: Digit, inner: Digit): Digit => (inner + (shiftOf(outer) << 1)) ^ negativeOf(outer);
