import { makeRawArray } from '../../number/raw-array.js';
import type { RawArray } from '../../number/raw-array.js';
import { isUniform, rawRange } from '../../number/type.js';
import type { WasmMemory } from '../../web-assembly.js';
import type { InputValues } from '../inputs.js';
import type { Place } from './lowering.js';
import { fits } from './storage.js';
import type { Storage } from './storage.js';

type Stored = Int16Array<ArrayBuffer> | Int32Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>;

const arrays = { 1: Int16Array, 2: Int32Array, 3: BigInt64Array } as const;

function view({ buffer }: WasmMemory, { address, storage, count }: Place, image: number, images: number): Stored {
  return new arrays[storage](buffer, address + image * count * 2 ** storage, images * count);
}

/** Copies raw integers of the first `images` images out of a place to `target`, from the index `start` on. */
export function readValues(memory: WasmMemory, place: Place, images: number, target: RawArray, start: number): void {
  const stored = view(memory, place, 0, images);
  if (target instanceof Float64Array) {
    if (stored instanceof BigInt64Array) stored.forEach((value, index) => (target[start + index] = Number(value)));
    else target.set(stored, start);
  } else {
    // Of an unsigned type of 64 bits the largest integers lie in memory as negative ones: the array turns them back.
    for (let index = 0; index < stored.length; index++) target[start + index] = BigInt(stored[index]);
  }
}

/** Raw integers of one image of a place. */
export function readImage(memory: WasmMemory, place: Place, image: number): RawArray {
  const target = makeRawArray(place.format, place.count);
  const { address, storage, count } = place;
  readValues(memory, { ...place, address: address + image * count * 2 ** storage }, 1, target, 0);
  return target;
}

/** Copies checked raw integers of one image into a place. */
export function writeImage(memory: WasmMemory, place: Place, image: number, raw: RawArray): void {
  const stored = view(memory, place, image, 1);
  for (let index = 0; index < raw.length; index++) {
    if (stored instanceof BigInt64Array) stored[index] = BigInt(raw[index]);
    else stored[index] = Number(raw[index]);
  }
}

/** Typed arrays whose every element the storage holds as it is. */
const within: Readonly<Record<Storage, readonly { new (length: number): object }[]>> = {
  1: [Uint8Array, Int8Array, Int16Array],
  2: [Uint8Array, Int8Array, Int16Array, Uint16Array, Int32Array],
  3: [],
};

/**
 * Copies raw integers of `images` images into a place, if that can be done and checked all at once.
 * @param values raw integers of many images; those from the index `start` on are taken
 * @returns false where it can't be done so, or where something is wrong with a value
 */
export function writeValues(
  memory: WasmMemory,
  place: Place,
  images: number,
  values: InputValues,
  start: number,
): boolean {
  const { format, storage } = place;
  if (!isUniform(format) || !fits(format, 32)) return false;
  const stored = view(memory, place, 0, images) as Int16Array | Int32Array;
  if (within[storage].some((array) => values instanceof array)) {
    stored.set((values as Int16Array).subarray(start, start + stored.length));
  } else if (values instanceof Float64Array) {
    if (!copyWhole(values, start, stored)) return false;
  } else return false;
  const { minimum, maximum } = rawRange(format);
  return isWithin(stored, Number(minimum), Number(maximum));
}

function copyWhole(values: Float64Array, start: number, stored: Int16Array | Int32Array): boolean {
  let whole = true;
  for (let index = 0; index < stored.length; index++) {
    const value = values[start + index];
    stored[index] = value;
    whole &&= stored[index] === value;
  }
  return whole;
}

function isWithin(stored: Int16Array | Int32Array, minimum: number, maximum: number): boolean {
  let [least, most] = [0, 0];
  for (let index = 0; index < stored.length; index++) {
    const value = stored[index];
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return least >= minimum && most <= maximum;
}
