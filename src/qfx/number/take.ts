import { rawArrayOf } from './raw-array.js';
import type { IntegerTensor } from './raw-array.js';
import { elementCount } from './shape.js';
import type { Spread, TensorFormat } from './type.js';

/** A tensor with these indices of one axis only, in the order given; every raw integer keeps its format. */
export function takeIndices(
  { shape, format, raw }: IntegerTensor,
  axis: number,
  indices: readonly number[],
): IntegerTensor {
  const taken = takeFormats(format, shape, axis, indices);
  const elements = takenElements(shape, axis, indices);
  const values = elements.map((element) => raw[element]);
  return {
    shape: shape.map((size, own) => (own === axis ? indices.length : size)),
    format: taken,
    raw: rawArrayOf(taken, values),
  };
}

/** The format (or type) of what `takeIndices` leaves of a tensor of this shape. */
export function takeFormats<Format extends TensorFormat>(
  format: Format,
  shape: readonly number[],
  axis: number,
  indices: readonly number[],
): Format {
  const take = (spread: Spread): Spread => {
    if (typeof spread === 'number') return spread;
    if ('elements' in spread)
      return { elements: takenElements(shape, axis, indices).map((element) => spread.elements[element]) };
    return spread.axis === axis ? { axis, values: indices.map((index) => spread.values[index]) } : spread;
  };
  return { ...format, wordLength: take(format.wordLength), binaryPoint: take(format.binaryPoint) };
}

/** Where the elements of the result are in the tensor, row-major. */
function takenElements(shape: readonly number[], axis: number, indices: readonly number[]): number[] {
  const inner = elementCount(shape.slice(axis + 1));
  const outer = elementCount(shape.slice(0, axis));
  const elements: number[] = [];
  for (let row = 0; row < outer; row++) {
    for (const index of indices) {
      const start = (row * shape[axis] + index) * inner;
      for (let offset = 0; offset < inner; offset++) elements.push(start + offset);
    }
  }
  return elements;
}
