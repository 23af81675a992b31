import { QfxError } from '../../qfx/errors.js';
import type { IntegerTensor } from '../../qfx/number/raw-array.js';
import { rawRange, spreadAt, spreadValues, widestWord } from '../../qfx/number/type.js';
import type { FixedPointFormat } from '../../qfx/number/type.js';
import { tf } from '../tensorflow.js';
import { realsOf } from './reals.js';

/**
 * float32 sums of products are exact, in any order of additions, while the sum of |x| |w| stays within 2^24 units of the
 * products' last bit. Where it does not, an operand is split into limbs (high and low bits) such that it does for each
 * pair of limbs.
 */
const exactUnits = 2 ** 24;
/** Limbs of one operand; more would be slower than useful. */
const maximumLimbs = 4;
/** Sums of products must be normal float32 numbers. */
const smallestProductBinaryPoint = -100;

/** How an operand is split: `count` limbs of `bits` bits, the last one takes the rest and the sign. */
export interface Split {
  readonly count: number;
  readonly bits: number;
}

export interface LimbPlan {
  readonly input: Split;
  readonly weights: Split;
}

/**
 * The cheapest split under which all sums of an input times constant weights are exact.
 * @param weights the last axis counts the outputs, all others are summed over
 * @throws QfxError naming the layer and the bits it needs, when no split helps
 */
export function planLimbs(format: FixedPointFormat, weights: IntegerTensor, where: string): LimbPlan {
  requireNormalProducts(format.binaryPoint, least(spreadValues(weights.format.binaryPoint)), where);
  const aligned = alignWithinOutputs(weights);
  const { minimum, maximum } = rawRange(format);
  const range = Float64Array.of(Number(minimum), Number(maximum));
  const inputBits = format.wordLength;
  const weightBits = widestWord(aligned.format.wordLength);
  const pairs: LimbPlan[] = [];
  for (let inputs = 1; inputs <= maximumLimbs; inputs++) {
    for (let parts = 1; parts <= maximumLimbs; parts++) {
      pairs.push({ input: makeSplit(inputBits, inputs), weights: makeSplit(weightBits, parts) });
    }
  }
  const cost = ({ input, weights: parts }: LimbPlan) => input.count * parts.count;
  pairs.sort((a, b) => cost(a) - cost(b));
  let needed = 0;
  for (const plan of pairs) {
    const units = worstUnits(range, aligned, plan);
    if (units <= exactUnits) return plan;
    if (needed === 0) needed = Math.ceil(Math.log2(units));
  }
  throw new QfxError(
    where,
    `its sums of products need ${needed} bits; float32 tensors carry 24, and splitting operands into up to ` +
      `${maximumLimbs} limbs does not suffice. Use shorter words or fewer products a sum`,
  );
}

/**
 * The cheapest splits under which the product of each limb of one value with each limb of another is exact. Two limbs of
 * both always suffice: words that float32 carries have at most 24 bits.
 * @throws QfxError naming the layer for products that float32 has no exponent for
 */
export function planProduct(
  first: FixedPointFormat,
  second: FixedPointFormat,
  where: string,
): readonly [first: Split, second: Split] {
  requireNormalProducts(first.binaryPoint, second.binaryPoint, where);
  const plans = [1, 2].flatMap((firsts) =>
    [1, 2].map((seconds) => [makeSplit(first.wordLength, firsts), makeSplit(second.wordLength, seconds)] as const),
  );
  return plans.find(([a, b]) => 2 ** (a.bits + b.bits) <= exactUnits) ?? plans[plans.length - 1];
}

function makeSplit(wordLength: number, count: number): Split {
  return { count, bits: Math.ceil(wordLength / count) };
}

/** The largest sum of |x| |w| over all pairs of limbs and all outputs. */
function worstUnits(range: Float64Array, { raw, shape }: IntegerTensor, plan: LimbPlan): number {
  const outputs = shape[shape.length - 1];
  const inputLimbs = splitIntegers(range, plan.input).map((limb, index) =>
    index === plan.input.count - 1 ? largestMagnitude(limb) : 2 ** plan.input.bits - 1,
  );
  const weightSums = splitIntegers(raw as Float64Array, plan.weights).map((limb) => {
    const sums = new Float64Array(outputs);
    limb.forEach((value, index) => (sums[index % outputs] += Math.abs(value)));
    return largestMagnitude(sums);
  });
  return largestMagnitude(Float64Array.from(inputLimbs)) * largestMagnitude(Float64Array.from(weightSums));
}

function largestMagnitude(values: Float64Array): number {
  return values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
}

/** Limbs of integers, lowest first, each already shifted down: value = sum of limb[k] * 2^(k * bits). */
function splitIntegers(values: Float64Array, { count, bits }: Split): Float64Array[] {
  const unit = 2 ** bits;
  const limbs: Float64Array[] = [];
  let rest = values;
  for (let limb = 1; limb < count; limb++) {
    const high = rest.map((value) => Math.floor(value / unit));
    limbs.push(rest.map((value, index) => value - high[index] * unit));
    rest = high;
  }
  return [...limbs, rest];
}

/** The limbs of constant weights as float32 tensors whose sum is the constant; the last axis counts the outputs. */
export function splitConstant(constant: IntegerTensor, split: Split): tf.Tensor[] {
  const aligned = alignWithinOutputs(constant);
  return splitIntegers(aligned.raw as Float64Array, split).map((limb, index) => {
    const raw = limb.map((value) => value * 2 ** (index * split.bits));
    return tf.tensor(realsOf({ ...aligned, raw }), [...aligned.shape]);
  });
}

/**
 * The same weights with one binary point for all that are summed up in one output, the finest among those that are not 0: units of
 * a sum's last bit can be counted, and limbs cut, only there. Raw integers have the significant bits that they had, so doubles
 * hold them however far they are shifted.
 */
function alignWithinOutputs(weights: IntegerTensor): IntegerTensor {
  const { shape, format, raw } = weights;
  if (typeof format.binaryPoint === 'number' || !('elements' in format.binaryPoint)) return weights;
  const points = format.binaryPoint.elements;
  const outputs = shape[shape.length - 1];
  const finest = new Array<number>(outputs).fill(-Infinity);
  points.forEach((point, index) => {
    if (raw[index] !== 0) finest[index % outputs] = Math.max(finest[index % outputs], point);
  });
  const shiftOf = (index: number) => (raw[index] === 0 ? 0 : finest[index % outputs] - points[index]);
  const wordLengths = points.map((_, index) => spreadAt(format.wordLength, shape, index) + shiftOf(index));
  return {
    shape,
    format: {
      ...format,
      wordLength: { elements: wordLengths },
      binaryPoint: { axis: shape.length - 1, values: finest.map((point) => (point === -Infinity ? 0 : point)) },
    },
    raw: Float64Array.from(raw as Float64Array, (value, index) => value * 2 ** shiftOf(index)),
  };
}

function least(values: readonly number[]): number {
  return values.reduce((one, other) => Math.min(one, other));
}

/** The limbs of a tensor of values of this format, whose sum is the tensor. */
export function splitTensor(x: tf.Tensor, format: FixedPointFormat, split: Split): tf.Tensor[] {
  const limbs: tf.Tensor[] = [];
  let rest = x;
  for (let limb = 1; limb < split.count; limb++) {
    // The unit of what lies above this limb; floor and the scalings by powers of two are exact.
    const unit = 2 ** (limb * split.bits - format.binaryPoint);
    const high = rest
      .mul(1 / unit)
      .floor()
      .mul(unit);
    limbs.push(rest.sub(high));
    rest = high;
  }
  return [...limbs, rest];
}

function requireNormalProducts(first: number, second: number, where: string): void {
  if (first + second >= smallestProductBinaryPoint) return;
  throw new QfxError(where, `binary points ${first} and ${second} make products too large for float32`);
}
