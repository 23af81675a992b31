import type { IntegerTensor } from '../../qfx/number/raw-array.js';
import { spreadAt } from '../../qfx/number/type.js';

/** The values of an integer tensor of at most 24 bits, exact in float32. */
export function realsOf({ raw, shape, format }: IntegerTensor): Float32Array {
  return Float32Array.from(
    raw as Float64Array,
    (value, index) => value * 2 ** -spreadAt(format.binaryPoint, shape, index),
  );
}
