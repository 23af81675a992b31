import { QfxError } from '../errors.js';
import { isKHot, magnitudeBits } from '../number/k-hot.js';
import { makeRawArray } from '../number/raw-array.js';
import type { IntegerTensor, RawArray } from '../number/raw-array.js';
import { describeFormat, isUniform, rawRange } from '../number/type.js';
import type { FixedPointFormat, KHot, Spread, TensorFormat, TensorType } from '../number/type.js';
import { formatAt, validateTensorFormat } from '../number/validate-type.js';
import { elementCount } from '../number/shape.js';
import { describeShape } from '../operations/operation.js';
import { limits } from '../limits.js';

/**
 * Throws unless shape, format, storage and every raw integer agree.
 * @param where for example `tensor "conv1/weights"`
 */
export function checkTensor(tensor: IntegerTensor, where: string): void {
  const { shape, format, raw } = tensor;
  checkShape(shape, where);
  if (elementCount(shape) !== raw.length) {
    throw new QfxError(where, `${raw.length} values, shape ${describeShape(shape)} needs ${elementCount(shape)}`);
  }
  validateTensorFormat(format, shape, where);
  const storage = makeRawArray(format, 0).constructor;
  if (raw.constructor !== storage) {
    throw new QfxError(where, `raw integers come in a ${raw.constructor.name}, their format needs a ${storage.name}`);
  }
  checkRange(tensor, where);
  if (format.kHot !== undefined) checkKHot(tensor, format.kHot, where);
}

/** Throws unless a shape has one to eight axes, none of them empty, and not too many values. */
export function checkShape(shape: readonly number[], where: string): void {
  if (shape.length < 1 || shape.length > 8 || !shape.every((size) => Number.isInteger(size) && size >= 1)) {
    throw new QfxError(where, `shape ${describeShape(shape)}, allowed: 1 to 8 axes of at least 1`);
  }
  if (elementCount(shape) > limits.nodeValues) {
    throw new QfxError(where, `shape ${describeShape(shape)} has more than ${limits.nodeValues} values`);
  }
}

/** Throws unless every raw integer is whole and within its own element's format. */
export function checkRange({ shape, format, raw }: IntegerTensor, where: string): void {
  const uniform = isUniform(format) ? boundsOf(format, raw) : undefined;
  for (let index = 0; index < raw.length; index++) {
    const [minimum, maximum] = uniform ?? boundsOf(formatAt(format, shape, index), raw);
    const value = raw[index];
    if (value >= minimum && value <= maximum && (typeof value === 'bigint' || Number.isInteger(value))) continue;
    const own = describeFormat(formatAt(format, shape, index));
    const allowed = `whole numbers ${minimum} to ${maximum}`;
    throw new QfxError(where, `raw value ${value} at index ${index}, allowed in ${own}: ${allowed}`);
  }
}

/** Throws unless every raw integer is a sign and a magnitude of the set. */
function checkKHot({ shape, format, raw }: IntegerTensor, kHot: KHot, where: string): void {
  for (let index = 0; index < raw.length; index++) {
    const value = Number(raw[index]);
    const bits = magnitudeBits(formatAt(format, shape, index));
    if (Math.abs(value) < 2 ** bits && isKHot(value, kHot)) continue;
    const allowed = `sums of at most ${kHot.terms} ${kHot.digits} powers of two, magnitudes of ${bits} bits`;
    throw new QfxError(where, `raw value ${value} at index ${index}, allowed: ${allowed}`);
  }
}

/** Smallest and largest raw integer, as what the storage holds. */
function boundsOf(format: FixedPointFormat, raw: RawArray): [number | bigint, number | bigint] {
  const { minimum, maximum } = rawRange(format);
  return raw instanceof Float64Array ? [Number(minimum), Number(maximum)] : [minimum, maximum];
}

/** A frozen copy of a format, of nothing but its own keys. */
export function copyFormat({ signed, wordLength, binaryPoint, kHot }: TensorFormat): TensorFormat {
  const format = { signed, wordLength: copySpread(wordLength), binaryPoint: copySpread(binaryPoint) };
  if (kHot === undefined) return Object.freeze(format);
  return Object.freeze({ ...format, kHot: Object.freeze({ terms: kHot.terms, digits: kHot.digits }) });
}

/** A frozen copy of a type, of nothing but its own keys. */
export function copyType(type: TensorType): TensorType {
  return Object.freeze({ ...copyFormat(type), rounding: type.rounding, overflow: type.overflow });
}

function copySpread(spread: Spread): Spread {
  if (typeof spread === 'number') return spread + 0;
  if ('elements' in spread) return Object.freeze({ elements: copyNumbers(spread.elements) });
  return Object.freeze({ axis: spread.axis, values: copyNumbers(spread.values) });
}

/** -0 becomes 0, which is what a file gives back. */
function copyNumbers(values: readonly number[]): readonly number[] {
  return Object.freeze(values.map((value) => value + 0));
}

/** A copy that nobody else can change (its raw integers excepted: a typed array can't be frozen). */
export function copyTensor({ shape, format, raw }: IntegerTensor): IntegerTensor {
  const copy = raw.slice();
  if (copy instanceof Float64Array) copy.forEach((value, index) => (copy[index] = value + 0));
  return Object.freeze({ shape: Object.freeze([...shape]), format: copyFormat(format), raw: copy });
}
