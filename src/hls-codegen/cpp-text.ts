import { describeFormat } from '../qfx/number/type.js';
import type { FixedPointFormat, FixedPointType, KHot } from '../qfx/number/type.js';

/** True for a type of the constant 0: it has no C++ type of its own, the narrowest legal one stands for it. */
export function isConstantZero(format: FixedPointFormat): boolean {
  return format.wordLength === 0;
}

/** The format itself; for the constant 0 (W = 0) the narrowest one that C++ has. */
export function legalFormat(format: FixedPointFormat): FixedPointFormat {
  return isConstantZero(format) ? { signed: false, wordLength: 1, binaryPoint: format.binaryPoint } : format;
}

/** `ap_fixed<W, I>` with AMD's default modes. */
export function cppFormat(format: FixedPointFormat): string {
  return describeFormat(legalFormat(format));
}

/** `ap_fixed<W, I, Q, O>`, without the modes where they are AMD's defaults. */
export function cppType(type: FixedPointType): string {
  const format = cppFormat(type);
  if (isConstantZero(type) || (type.rounding === 'AP_TRN' && type.overflow === 'AP_WRAP')) return format;
  return `${format.slice(0, -1)}, ${type.rounding}, ${type.overflow}>`;
}

/** `qfx::k_hot<ap_fixed<W, I>, K, qfx::signed_digits>`: numbers of a format as a sign and exponents. */
export function cppKHot(format: FixedPointFormat, { terms, digits }: KHot): string {
  return `qfx::k_hot<${cppFormat(format)}, ${terms}, qfx::${digits}_digits>`;
}

/** Widest line that is written in one piece. */
const lineWidth = 118;

/** The head of a function without results, `void name(parameters)`; where it is long with one parameter a line. */
export function cppSignature(name: string, parameters: readonly string[]): string {
  const line = `void ${name}(${parameters.join(', ')})`;
  return line.length + 2 <= lineWidth ? line : `void ${name}(\n    ${parameters.join(',\n    ')})`;
}
