import { QfxError } from '../../qfx/errors.js';
import { smallestFormat } from '../../qfx/number/type.js';
import type { FixedPointFormat } from '../../qfx/number/type.js';
import type { PositiveNumber } from '../../qfx/operations/checks.js';

/** Widest raw integer that fits a constant of a configuration, a long long. */
const maximumBits = 63;

/**
 * A positive number as an integer, and the smallest type that holds it.
 * @throws QfxError where the integer is too wide
 */
export function positiveConstant(
  number: PositiveNumber,
  where: string,
): { readonly raw: bigint; readonly format: FixedPointFormat } {
  const raw = BigInt(number.raw);
  const format = smallestFormat(0n, raw, number.binaryPoint);
  if (format.wordLength <= maximumBits) return { raw, format };
  throw new QfxError(where, `takes ${format.wordLength} bits, HLS export allows ${maximumBits}`);
}
