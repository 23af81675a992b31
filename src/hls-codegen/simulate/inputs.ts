import { makeRawArray, needsBigInt } from '../../qfx/number/raw-array.js';
import type { RawArray } from '../../qfx/number/raw-array.js';
import { rawRange, spreadAt } from '../../qfx/number/type.js';
import type { TensorFormat } from '../../qfx/number/type.js';

/** Images as raw integers of the network's input type, in the order of its shape (channels last, row-major). */
export interface ImageSource {
  readonly count: number;
  /** The image at an index from 0; called once for each index, in ascending order. It may give the same array every time. */
  image(index: number): ArrayLike<number | bigint>;
}

/** Chooses an end of the range for the value at a position. */
type Extreme = (position: number) => 'minimum' | 'maximum';

/** The images before the random ones: every value at its minimum, at its maximum, alternating between the two. */
const extremes: readonly Extreme[] = [
  () => 'minimum',
  () => 'maximum',
  (position) => (position % 2 === 0 ? 'minimum' : 'maximum'),
];

/**
 * Seeded images over the whole input type: all-minimum, all-maximum, alternating, then uniformly random raw integers.
 * An image depends on the seed and its index only.
 * @param format format of the input; word length and binary point may differ from value to value
 * @param shape of one image, without the batch
 */
export function makeInputs(format: TensorFormat, shape: readonly number[], count: number, seed: number): ImageSource {
  const length = shape.reduce((product, size) => product * size, 1);
  const wordLengths = Array.from({ length }, (_, position) => spreadAt(format.wordLength, shape, position));
  const fill = needsBigInt(format) ? fillBigInts : fillNumbers;
  return {
    count,
    image(index) {
      const raw = makeRawArray(format, length);
      fill(raw, wordLengths, format.signed, extremes[index] ?? makeRandom(seed, index));
      return raw;
    },
  };
}

/** Uniform unsigned 32-bit integers. */
type Random = { next(): number };
type Choice = Extreme | Random;

function fillNumbers(raw: RawArray, wordLengths: readonly number[], signed: boolean, choice: Choice): void {
  for (let position = 0; position < raw.length; position++) {
    const size = 2 ** wordLengths[position];
    const minimum = signed && size > 1 ? -size / 2 : 0;
    if (typeof choice === 'function') raw[position] = choice(position) === 'minimum' ? minimum : minimum + size - 1;
    else
      raw[position] = minimum + Math.floor(((choice.next() & 0x1fffff) + choice.next() / 2 ** 32) * (size / 2 ** 21));
  }
}

function fillBigInts(raw: RawArray, wordLengths: readonly number[], signed: boolean, choice: Choice): void {
  for (let position = 0; position < raw.length; position++) {
    const { minimum, maximum } = rawRange({ signed, wordLength: wordLengths[position], binaryPoint: 0 });
    if (typeof choice === 'function') raw[position] = choice(position) === 'minimum' ? minimum : maximum;
    else raw[position] = minimum + (((BigInt(choice.next()) << 32n) | BigInt(choice.next())) & (maximum - minimum));
  }
}

/** Random numbers of one image: a counter from its own start, mixed (the finaliser of MurmurHash3). */
function makeRandom(seed: number, image: number): Random {
  let state = mix(mix(seed) ^ (image + 1));
  return { next: () => mix((state = (state + 0x9e3779b9) | 0)) };
}

function mix(value: number): number {
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
