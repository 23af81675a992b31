import { rawRange, widestWord } from '../../number/type.js';
import type { FixedPointFormat, TensorFormat } from '../../number/type.js';

/** How values lie in memory, as the binary logarithm of their bytes: int16, int32 or int64. */
export type Storage = 1 | 2 | 3;

/** Bits of the narrowest signed integer that holds every raw integer of a format. */
export function signedBits({ signed, wordLength }: FixedPointFormat): number {
  return wordLength + (signed ? 0 : 1);
}

/** The smallest storage that holds a signed integer of so many bits (65 wrap around: an unsigned type of 64 bits). */
export function storageOfBits(bits: number): Storage {
  return bits <= 16 ? 1 : bits <= 32 ? 2 : 3;
}

/**
 * The smallest storage of a tensor of a format. There is none of int8: instructions multiply int16, and what is loaded as
 * int8 would have to be widened first.
 */
export function storageOf({ signed, wordLength }: TensorFormat): Storage {
  return storageOfBits(signedBits({ signed, wordLength: widestWord(wordLength), binaryPoint: 0 }));
}

/** True where every raw integer of a format is a signed integer of `bits` bits. */
export function fits({ signed, wordLength }: TensorFormat, bits: 16 | 32 | 64): boolean {
  return signedBits({ signed, wordLength: widestWord(wordLength), binaryPoint: 0 }) <= bits;
}

/** The largest and the smallest signed integer of `bits` bits. */
export function signedRange(bits: number): { minimum: bigint; maximum: bigint } {
  return rawRange({ signed: true, wordLength: bits, binaryPoint: 0 });
}
