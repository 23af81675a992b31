import { countTerms, kHotMagnitudes, magnitudeBits } from '../number/k-hot.js';
import type { IntegerTensor } from '../number/raw-array.js';
import { rawRange } from '../number/type.js';
import { formatAt } from '../number/validate-type.js';

/** How a constant uses the words that it is given. */
export interface ConstantReport {
  readonly elements: number;
  /** Elements that are 0. */
  readonly zeros: number;
  /** Elements at the smallest or the largest number of their type: most of them would be larger if they could. */
  readonly atEnds: number;
  /** Of a K-hot constant: how many elements take 0, 1, ... K powers of two. */
  readonly terms?: readonly number[];
}

/** Counts zeros, numbers at the ends of their range, and powers of two. */
export function reportConstant({ shape, format, raw }: IntegerTensor): ConstantReport {
  const { kHot } = format;
  const terms = kHot && new Array<number>(kHot.terms + 1).fill(0);
  const ends = new Map<string, readonly [smallest: bigint, largest: bigint]>();
  let zeros = 0;
  let atEnds = 0;
  for (let index = 0; index < raw.length; index++) {
    const value = BigInt(raw[index]);
    if (value === 0n) zeros++;
    if (kHot && terms) terms[countTerms(Math.abs(Number(value)), kHot.digits)]++;
    const own = formatAt(format, shape, index);
    if (own.wordLength === 0) continue;
    const key = `${own.wordLength}`;
    let end = ends.get(key);
    if (end === undefined) {
      const { minimum, maximum } = rawRange(own);
      const most = kHot && BigInt(kHotMagnitudes(magnitudeBits(own), kHot).at(-1) ?? 0);
      ends.set(key, (end = most === undefined ? [minimum, maximum] : [own.signed ? -most : 0n, most]));
    }
    if (value !== 0n && (value === end[0] || value === end[1])) atEnds++;
  }
  return { elements: raw.length, zeros, atEnds, ...(terms && { terms }) };
}
