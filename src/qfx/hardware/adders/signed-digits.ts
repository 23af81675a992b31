/** One nonzero digit of a number: 2^shift, subtracted where `negative` is 1. */
export interface SignedPower {
  readonly shift: number;
  readonly negative: 0 | 1;
}

/**
 * The canonical signed digits of a safe integer, lowest first: no two of them are neighbours, and no other form has fewer.
 */
export function canonicalSignedDigits(value: number): SignedPower[] {
  const digits: SignedPower[] = [];
  const sign = value < 0 ? 1 : 0;
  let rest = Math.abs(value);
  for (let shift = 0; rest > 0; shift++) {
    const low = rest % 4;
    if (low % 2 === 1) {
      // ...11 becomes ...0(-1) and a carry.
      const negative = low === 3 ? 1 : 0;
      digits.push({ shift, negative: (negative ^ sign) as 0 | 1 });
      rest += negative === 1 ? 1 : -1;
    }
    rest /= 2;
  }
  return digits;
}

/** How many canonical signed digits a safe integer has; no other signed form has fewer. */
export function countSignedDigits(value: number): number {
  const magnitude = Math.abs(value);
  if (magnitude >= 2 ** 29) return canonicalSignedDigits(value).length;
  // Digits stand where v and 3v differ.
  let ones = magnitude ^ (3 * magnitude);
  ones -= (ones >>> 1) & 0x55555555;
  ones = (ones & 0x33333333) + ((ones >>> 2) & 0x33333333);
  return Math.imul((ones + (ones >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
