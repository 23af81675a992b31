import type { FixedPointFormat, FixedPointType } from '../qfx/number/type.js';

/** True for a type of the constant 0: it has no C++ type of its own, the narrowest legal one stands for it. */
export function isConstantZero(format: FixedPointFormat): boolean {
  return format.wordLength === 0;
}

/** `ap_fixed<W, I>` with AMD's default modes; the constant 0 (W = 0) takes the narrowest legal type. */
export function cppFormat(format: FixedPointFormat): string {
  if (isConstantZero(format)) return `ap_ufixed<1, ${1 - format.binaryPoint}>`;
  return `${format.signed ? 'ap_fixed' : 'ap_ufixed'}<${format.wordLength}, ${format.wordLength - format.binaryPoint}>`;
}

/** `ap_fixed<W, I, Q, O>`, without the modes where they are AMD's defaults. */
export function cppType(type: FixedPointType): string {
  const format = cppFormat(type);
  if (isConstantZero(type) || (type.rounding === 'AP_TRN' && type.overflow === 'AP_WRAP')) return format;
  return `${format.slice(0, -1)}, ${type.rounding}, ${type.overflow}>`;
}

/** Widest line that is written in one piece. */
const lineWidth = 118;

/** The head of a function without results, `void name(parameters)`; where it is long with one parameter a line. */
export function cppSignature(name: string, parameters: readonly string[]): string {
  const line = `void ${name}(${parameters.join(', ')})`;
  return line.length + 2 <= lineWidth ? line : `void ${name}(\n    ${parameters.join(',\n    ')})`;
}
