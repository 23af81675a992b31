import type { FixedPointFormat } from './type.js';

/**
 * Exact scalar arithmetic with the result types of C++ temporaries: what `a * b`, `a + b` and `a - b` of two ap_fixed are
 * before they are assigned. The modes of the operands play no part. Word lengths here may pass 64 bits.
 */
export interface FixedPointValue {
  readonly raw: bigint;
  readonly format: FixedPointFormat;
}

/** W = W1 + W2, I = I1 + I2. */
export function productFormat(a: FixedPointFormat, b: FixedPointFormat): FixedPointFormat {
  return {
    signed: a.signed || b.signed,
    wordLength: a.wordLength + b.wordLength,
    binaryPoint: a.binaryPoint + b.binaryPoint,
  };
}

/** Binary points aligned, one bit more than the longer integer part; an unsigned operand beside a signed one counts its sign bit. */
export function sumFormat(a: FixedPointFormat, b: FixedPointFormat): FixedPointFormat {
  const integerBits = (own: FixedPointFormat, other: FixedPointFormat) =>
    own.wordLength - own.binaryPoint + (other.signed && !own.signed ? 1 : 0);
  const binaryPoint = Math.max(a.binaryPoint, b.binaryPoint);
  return {
    signed: a.signed || b.signed,
    wordLength: Math.max(integerBits(a, b), integerBits(b, a)) + 1 + binaryPoint,
    binaryPoint,
  };
}

/** The format of a sum, always signed. */
export function differenceFormat(a: FixedPointFormat, b: FixedPointFormat): FixedPointFormat {
  return { ...sumFormat(a, b), signed: true };
}

/** The exact product. */
export function multiply(a: FixedPointValue, b: FixedPointValue): FixedPointValue {
  return { raw: a.raw * b.raw, format: productFormat(a.format, b.format) };
}

/** The exact sum. */
export function add(a: FixedPointValue, b: FixedPointValue): FixedPointValue {
  const format = sumFormat(a.format, b.format);
  return { raw: rawAt(a, format.binaryPoint) + rawAt(b, format.binaryPoint), format };
}

/** The exact difference. */
export function subtract(a: FixedPointValue, b: FixedPointValue): FixedPointValue {
  const format = differenceFormat(a.format, b.format);
  return { raw: rawAt(a, format.binaryPoint) - rawAt(b, format.binaryPoint), format };
}

/** The raw integer of a value at a binary point that isn't smaller than its own. */
function rawAt({ raw, format }: FixedPointValue, binaryPoint: number): bigint {
  return raw << BigInt(binaryPoint - format.binaryPoint);
}
