import { magnitudeBits, mostTerms } from '../number/k-hot.js';
import type { Term } from '../number/k-hot.js';
import type { FixedPointFormat, KHot } from '../number/type.js';

/**
 * The word that hardware keeps a K-hot number in: term after term from the low bits on, the largest power first
 * (templates/hls/include/qfx/k_hot.h reads it).
 */
export interface KHotWord {
  /** Bits of the word. */
  readonly wordLength: number;
  readonly terms: readonly TermField[];
  /** The bit with the number's sign, where its digits have none of their own and its type has one. */
  readonly signBit: number | undefined;
}

/** Where one term stands. */
interface TermField {
  /** It has the exponents below this one; as its exponent this one says that there is no such term. */
  readonly absent: number;
  readonly firstBit: number;
  readonly exponentBits: number;
  /** The bit that says whether the term is subtracted, where it can be. */
  readonly signBit: number | undefined;
}

/** The layout of the words of numbers of a format and set. */
export function kHotWord(format: FixedPointFormat, kHot: KHot): KHotWord {
  const bits = magnitudeBits(format);
  const signedDigits = kHot.digits === 'signed';
  const count = mostTerms(bits, kHot);
  const terms: TermField[] = [];
  let end = 0;
  for (let term = 0; term < count; term++) {
    const absent = bits - (signedDigits ? 2 * term - (count > 1 ? 1 : 0) : term);
    const exponentBits = absent.toString(2).length;
    const firstBit = end;
    end += exponentBits;
    const signBit = signedDigits && (format.signed || term > 0) ? end++ : undefined;
    terms.push({ absent, firstBit, exponentBits, signBit });
  }
  const signBit = format.signed && !signedDigits ? end++ : undefined;
  return { wordLength: Math.max(end, 1), terms, signBit };
}

/** The word of a sum of powers of two, the largest first. */
export function encodeKHot(powers: readonly Term[], { terms, signBit }: KHotWord): bigint {
  let word = 0n;
  for (const [index, term] of terms.entries()) {
    const power = powers.at(index);
    word |= BigInt(power?.exponent ?? term.absent) << BigInt(term.firstBit);
    if (power?.negative && term.signBit !== undefined) word |= 1n << BigInt(term.signBit);
  }
  if (powers.at(0)?.negative && signBit !== undefined) word |= 1n << BigInt(signBit);
  return word;
}
