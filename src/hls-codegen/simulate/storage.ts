import { QfxError } from '../../qfx/errors.js';
import { alignTensor } from '../../qfx/number/align.js';
import type { IntegerTensor } from '../../qfx/number/raw-array.js';
import { isUniform, rawRange } from '../../qfx/number/type.js';
import type { FixedPointFormat } from '../../qfx/number/type.js';

/**
 * How raw integers lie in a vector file: the smallest native integer that holds the format (1, 2, 4 or 8 bytes,
 * little-endian, two's complement when signed), value after value.
 */
export type StoredArray =
  | Int8Array<ArrayBuffer>
  | Uint8Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | BigInt64Array<ArrayBuffer>
  | BigUint64Array<ArrayBuffer>;

const signedArrays = { 1: Int8Array, 2: Int16Array, 4: Int32Array, 8: BigInt64Array } as const;
const unsignedArrays = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array, 8: BigUint64Array } as const;

/** Bytes that one value of a format takes in a vector file. */
export function storedBytes(format: FixedPointFormat): 1 | 2 | 4 | 8 {
  if (format.wordLength <= 8) return 1;
  if (format.wordLength <= 16) return 2;
  return format.wordLength <= 32 ? 4 : 8;
}

/** An array of zeros in the storage of a format. */
export function makeStoredArray(format: FixedPointFormat, length: number): StoredArray {
  const arrays = format.signed ? signedArrays : unsignedArrays;
  return new arrays[storedBytes(format)](length);
}

/**
 * Raw integers in the storage of a format.
 * @param where what an error says first, for example `image 3`
 * @throws QfxError for a value that is no integer or outside the format's range, naming its index
 */
export function storeRaw(raw: ArrayLike<number | bigint>, format: FixedPointFormat, where: string): StoredArray {
  const { minimum, maximum } = rawRange(format);
  const stored = makeStoredArray(format, raw.length);
  const big = stored instanceof BigInt64Array || stored instanceof BigUint64Array;
  const [low, high] = [Number(minimum), Number(maximum)];
  for (let index = 0; index < raw.length; index++) {
    const value = raw[index];
    const inside =
      typeof value === 'bigint'
        ? value >= minimum && value <= maximum
        : Number.isSafeInteger(value) && value >= low && value <= high;
    if (!inside) throw new QfxError(where, `value ${index} is ${value}, allowed: integers ${minimum} to ${maximum}`);
    if (big) stored[index] = BigInt(value);
    else stored[index] = Number(value);
  }
  return stored;
}

/** A tensor's raw integers at the binary point of `format`, in its storage. */
export function storeTensor(tensor: IntegerTensor, format: FixedPointFormat, where: string): StoredArray {
  const sameScale = isUniform(tensor.format) && tensor.format.binaryPoint === format.binaryPoint;
  return storeRaw(sameScale ? tensor.raw : alignTensor(tensor, format.binaryPoint, where).raw, format, where);
}

/** The bytes of an array as they stand in a file. */
export function toBytes(stored: StoredArray): Uint8Array {
  const bytes = new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
  return littleEndianHost ? bytes : swapped(bytes, stored.BYTES_PER_ELEMENT);
}

/** The array that a file's bytes hold. */
export function fromBytes(bytes: Uint8Array, format: FixedPointFormat): StoredArray {
  const width = storedBytes(format);
  const stored = makeStoredArray(format, Math.floor(bytes.length / width));
  new Uint8Array(stored.buffer).set(littleEndianHost ? bytes : swapped(bytes, width));
  return stored;
}

const littleEndianHost = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

function swapped(bytes: Uint8Array, width: number): Uint8Array {
  const result = new Uint8Array(bytes.length);
  for (let index = 0; index < bytes.length; index++) {
    result[index] = bytes[index - (index % width) + width - 1 - (index % width)];
  }
  return result;
}
