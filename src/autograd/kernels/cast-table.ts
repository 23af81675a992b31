import { numberRange } from '../../qfx/number/round.js';
import type { Overflow, Rounding } from '../../qfx/number/type.js';
import type { CastAttributes } from './cast.js';

/** The cast of assembly/rounding.ts as it lies in memory, with the scales and steps of its channels. */
interface CastTable {
  /** Elements of a row: a multiple of 4 and of the number of binary points. */
  readonly period: number;
  /** What to write, float32. */
  readonly values: number[];
  /** Where scales and steps, `period` of each, and the free memory behind them lie when the table lies at an address. */
  addresses(table: number): { readonly scales: number; readonly steps: number; readonly free: number };
}

/** Fields of the class Cast, and filling up to whole lanes. */
const fields = 16;
const bytes = 4;

/**
 * Whether float32 lanes compute a cast exactly. Scaling by a power of two is exact but for two ends: what overflows is out of
 * range all the same, but a wrapping type would want its low bits; what underflows rounds to 0 all the same, but AP_TRN takes
 * a negative value to -1, and only a negative binary point makes a value smaller. K-hot numbers and words of several lengths,
 * which are parameters and few, are left to the portable form.
 */
export function hasExactLanes({ rounding, overflow, binaryPoints, kHot, wordLengths }: CastAttributes): boolean {
  if (kHot !== undefined || wordLengths !== undefined || overflow === 'AP_WRAP') return false;
  return rounding !== 'AP_TRN' || binaryPoints.every((point) => point >= 0);
}

/** A cast without channels has rows of this many elements, one with them as many as both agree on. */
export function periodOf(channels: number): number {
  return channels % 4 === 0 ? channels : channels % 2 === 0 ? 2 * channels : 4 * channels;
}

export function castTable(attributes: CastAttributes): CastTable {
  let table = tables.get(attributes);
  if (table === undefined) tables.set(attributes, (table = makeTable(attributes)));
  return table;
}

/** A pass forward and the one back have the same attributes, and so have all steps once a binary point rests. */
const tables = new WeakMap<CastAttributes, CastTable>();

function makeTable(attributes: CastAttributes): CastTable {
  const { binaryPoints, rounding, overflow, relu } = attributes;
  const { minimum, maximum } = numberRange({ ...attributes, binaryPoint: 0 });
  const period = periodOf(binaryPoints.length);
  const saturatesToZero = overflow === 'AP_SAT_ZERO';
  // A ReLU's gradient passes above 0 only; that of a clip at both ends passes at them, too, as in the tensor library.
  const end = relu?.maximum ?? Infinity;
  const clip = relu === undefined ? [-end, end, -end, end] : [0, end, end === Infinity ? smallestPositive : 0, end];
  const values = [
    minimum,
    maximum,
    2 ** binaryPoints[0],
    2 ** -binaryPoints[0],
    sizes[kindOf(attributes)],
    ...thresholds(rounding),
    Number(saturatesToZero),
    ...clip,
    belowHalf,
  ];
  while (values.length < fields) values.push(0);
  for (const sign of [1, -1]) {
    for (let lane = 0; lane < period; lane++) values.push(2 ** (sign * binaryPoints[lane % binaryPoints.length]));
  }
  return {
    period,
    values,
    addresses: (table) => {
      const scales = table + fields * bytes;
      return { scales, steps: scales + period * bytes, free: scales + 2 * period * bytes };
    },
  };
}

/** What is compiled apart, see assembly/rounding.ts. */
export function kindOf({ wordLength, rounding, overflow, relu }: CastAttributes): 'plain' | 'relu' | 'any' {
  const isPlain = rounding === 'AP_RND' && overflow !== 'AP_SAT_ZERO' && wordLength <= 23;
  if (!isPlain || (relu !== undefined && relu.maximum !== Infinity)) return 'any';
  return relu === undefined ? 'plain' : 'relu';
}

/** Sizes of the kinds there. */
const sizes = { plain: 1, relu: 2, any: 4 } as const;
const belowHalf = 0.5 - 2 ** -25;
/** The smallest positive float32. */
export const smallestPositive = 2 ** -149;
const any = smallestPositive;
const tie = 0.5;
const never = Infinity;

/** When the nearest integer, ties to even, becomes one more and one less; each below and above zero. */
export function thresholds(rounding: Rounding): [number, number, number, number] {
  switch (rounding) {
    case 'AP_TRN':
      return [never, never, any, any];
    case 'AP_TRN_ZERO':
      return [any, never, never, any];
    case 'AP_RND':
      return [tie, tie, never, never];
    case 'AP_RND_ZERO':
      return [tie, never, never, tie];
    case 'AP_RND_MIN_INF':
      return [never, never, tie, tie];
    case 'AP_RND_INF':
      return [never, tie, tie, never];
    case 'AP_RND_CONV':
      return [never, never, never, never];
  }
}

/** The overflow mode under which a type trains: wrapping has no useful gradient. */
export function trainingOverflow(overflow: Overflow): Overflow {
  return overflow === 'AP_WRAP' ? 'AP_SAT' : overflow;
}

/** The cast that a type trains with. */
export function trainedAttributes(attributes: CastAttributes): CastAttributes {
  const overflow = trainingOverflow(attributes.overflow);
  return overflow === attributes.overflow ? attributes : { ...attributes, overflow };
}
