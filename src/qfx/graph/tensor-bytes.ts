import { QfxError } from '../errors.js';
import { makeRawArray } from '../number/raw-array.js';
import type { IntegerTensor } from '../number/raw-array.js';
import { widestWord } from '../number/type.js';
import type { TensorFormat } from '../number/type.js';
import { integerTypes } from './safetensors.js';
import type { IntegerType, StoredTensor } from './safetensors.js';

/** The smallest integer type of the container that holds every raw integer of a format. */
export function storageType(format: TensorFormat, where = 'tensor'): IntegerType {
  const wordLength = widestWord(format.wordLength);
  const fits = (Object.keys(integerTypes) as IntegerType[]).find(
    (dtype) => integerTypes[dtype].signed === format.signed && integerTypes[dtype].size * 8 >= wordLength,
  );
  if (fits === undefined) throw new QfxError(where, `no integer type holds ${wordLength} bits`);
  return fits;
}

/** A tensor's raw integers as the container stores them. */
export function encodeTensor({ shape, format, raw }: IntegerTensor): StoredTensor {
  const dtype = storageType(format);
  const { size } = integerTypes[dtype];
  const data = new Uint8Array(raw.length * size);
  const view = new DataView(data.buffer);
  for (let index = 0; index < raw.length; index++) {
    // The low bits are the same for a signed and an unsigned type.
    if (size === 8) view.setBigUint64(index * size, BigInt.asUintN(64, BigInt(raw[index])), true);
    else if (size === 4) view.setInt32(index * size, Number(raw[index]), true);
    else if (size === 2) view.setInt16(index * size, Number(raw[index]), true);
    else view.setInt8(index, Number(raw[index]));
  }
  return { dtype, shape, data };
}

/**
 * Raw integers of stored bytes, in the storage that their format decides.
 * @param where for example `model.safetensors: tensor "conv1/weights"`
 * @throws QfxError when they are stored in another type than the format's own
 */
export function decodeTensor({ dtype, shape, data }: StoredTensor, format: TensorFormat, where: string): IntegerTensor {
  const needed = storageType(format, where);
  if (dtype !== needed) throw new QfxError(where, `stored as ${dtype}, its format needs ${needed}`);
  const { size, signed } = integerTypes[dtype];
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const raw = makeRawArray(format, data.length / size);
  const read = (offset: number): number | bigint => {
    if (size === 8) return signed ? view.getBigInt64(offset, true) : view.getBigUint64(offset, true);
    if (size === 4) return signed ? view.getInt32(offset, true) : view.getUint32(offset, true);
    if (size === 2) return signed ? view.getInt16(offset, true) : view.getUint16(offset, true);
    return signed ? view.getInt8(offset) : view.getUint8(offset);
  };
  for (let index = 0; index < raw.length; index++) {
    const value = read(index * size);
    if (raw instanceof Float64Array) raw[index] = Number(value);
    else raw[index] = BigInt(value);
  }
  return { shape, format, raw };
}
