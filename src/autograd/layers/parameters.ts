import { QfxError } from '../../qfx/errors.js';
import type { IntegerTensor } from '../../qfx/number/raw-array.js';
import { spreadAt } from '../../qfx/number/type.js';
import type { Quantizer } from '../quantizer.js';
import type { tf } from '../tensorflow.js';
import { currentVisit } from './visiting.js';

/**
 * The raw integers of a layer's parameter; finds its binary points first if nobody has yet.
 * @returns them, and whether a value overflows a type that wraps
 * @throws QfxError for values that are no finite numbers
 */
export function readIntegers(
  quantizer: Quantizer,
  values: tf.Tensor,
  where: string,
): { integers: IntegerTensor; wraps: boolean } {
  requireFinite(values, where);
  if (!quantizer.isInitialized) quantizer.initialize(values);
  currentVisit()?.(quantizer, values);
  const integers = quantizer.rawOf(values);
  return { integers, wraps: quantizer.config.overflow === 'AP_WRAP' && isFarAway(values, integers) };
}

function requireFinite(values: tf.Tensor, where: string): void {
  const numbers = values.dataSync();
  const index = numbers.findIndex((value) => !Number.isFinite(value));
  if (index >= 0) throw new QfxError(where, `value ${index} is ${numbers[index]}, allowed: finite numbers`);
}

/** Whether an integer is more than one unit away from its value, which no rounding does. */
function isFarAway(values: tf.Tensor, { raw, shape, format }: IntegerTensor): boolean {
  return values
    .dataSync()
    .some((value, index) => Math.abs(value * 2 ** spreadAt(format.binaryPoint, shape, index) - Number(raw[index])) > 1);
}
