import { isUniform, spreadValues } from '../qfx/index.js';
import type { TensorFormat, TensorType } from '../qfx/index.js';

/** What tables with short types say below. */
export const typeLegend = 'types: s signed, u unsigned, word length.binary point, rounding, overflow';

/** `s10.8` is signed, 10 bits, binary point 8; `u` is unsigned. Keeps a table within a terminal. */
export function shortFormat(format: TensorFormat): string {
  const sign = format.signed ? 's' : 'u';
  if (isUniform(format)) return `${sign}${format.wordLength}.${format.binaryPoint}`;
  const range = (values: readonly number[]) => {
    const least = values.reduce((one, other) => Math.min(one, other));
    const most = values.reduce((one, other) => Math.max(one, other));
    return `${least}..${most}`;
  };
  return `${sign}${range(spreadValues(format.wordLength))}.${range(spreadValues(format.binaryPoint))}`;
}

export function shortType(type: TensorType): string {
  return `${shortFormat(type)} ${type.rounding} ${type.overflow}`.replaceAll('AP_', '');
}
