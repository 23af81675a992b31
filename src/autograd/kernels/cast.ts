import type { KHotProjection } from '../../qfx/number/k-hot.js';
import { overflowStep, numberRange } from '../../qfx/number/round.js';
import type { NumberRange } from '../../qfx/number/round.js';
import type { FixedPointType, Rounding } from '../../qfx/number/type.js';
import { elementCount } from '../../qfx/number/shape.js';
import { differentiable, runKernel } from '../tensorflow.js';
import type { HeapKernel } from '../tensorflow-heap.js';
import type { PlainKernel } from '../tensorflow-kernels.js';
import type { tf } from '../tensorflow.js';
import type { Assembly } from './assembly.js';
import { projectGradientValues, projectValues } from './projection.js';
import { castTable, hasExactLanes, trainedAttributes, trainingOverflow } from './cast-table.js';

/**
 * The fixed-point cast of a float32 tensor, and its gradient (numbers: docs/number-system.md).
 * Exact for every float32: scaling by a power of two and the comparisons below are exact in doubles.
 */

/** What both kernels need to know: a type whose binary point is one number, or one an index of the last axis. */
export interface CastAttributes extends Omit<FixedPointType, 'binaryPoint'> {
  /** One binary point, or as many as the last axis is long. */
  readonly binaryPoints: readonly number[];
  /** Where they differ: one word length for each binary point, in the place of `wordLength`, which is the longest. */
  readonly wordLengths?: readonly number[];
  /** The set of values and the way into it; replaces rounding and overflow. Has no ReLU. */
  readonly kHot?: KHotProjection;
  /** A ReLU in front of the cast: values are clipped at 0 and at `maximum`, which may be Infinity. */
  readonly relu?: { readonly maximum: number };
  /** For gradients: how far a unit of what is trained moves the binary point. 1 when absent; 0 gives zeros. */
  readonly positionScale?: number;
}

/** `QfxCast`: x of any shape -> y of the same shape, y = cast(x), never -0. NaN stays NaN. */
export const castKernel: PlainKernel<CastAttributes> = {
  name: 'QfxCast',
  inputs: ['x'],
  outputShapes: ([x]) => [x],
  compute: ([x], [y], _shapes, attributes) => castValues(x, y, attributes),
};

/**
 * `QfxCastGrad`: x, dy (one shape) -> dx (that shape) and dp (as many as there are binary points), p the binary point as
 * a real number. Inside the range dx = dy and dp sums dy * ln2 * (x - y); saturated dx = 0 and dp sums -dy * ln2 * y.
 */
export const castGradientKernel: PlainKernel<CastAttributes> = {
  name: 'QfxCastGrad',
  inputs: ['x', 'dy'],
  outputShapes: ([x], { binaryPoints }) => [x, [binaryPoints.length]],
  compute: ([x, dy], [dx, dp], _shapes, attributes) => castGradientValues(x, dy, dx, dp, attributes),
};

/** Both on the heap, where float32 lanes are exact. */
export const castHeapKernel: HeapKernel<CastAttributes, Assembly> = {
  ...castKernel,
  serves: (_shapes, attributes) => hasExactLanes(attributes),
  compute: ({ functions, inputs: [x], outputs: [y], inputShapes: [shape], attributes, scratch, write }) => {
    const { period, values, addresses } = castTable(attributes);
    const table = scratch(values.length + period);
    write(table, values);
    const { scales, steps, free } = addresses(table);
    functions.cast(x, y, elementCount(shape), period, scales, steps, table, free);
  },
};

export const castGradientHeapKernel: HeapKernel<CastAttributes, Assembly> = {
  ...castGradientKernel,
  serves: (_shapes, attributes) => hasExactLanes(trainedAttributes(attributes)),
  compute: ({ functions, inputs: [x, dy], outputs: [dx, dp], inputShapes: [shape], attributes, scratch, write }) => {
    const { period, values, addresses } = castTable(trainedAttributes(attributes));
    const table = scratch(values.length + 4 * period);
    write(table, values);
    const { scales, steps, free } = addresses(table);
    const channels = attributes.binaryPoints.length;
    const factor = positionFactor(attributes);
    functions.castGradient(x, dy, dx, dp, elementCount(shape), period, channels, scales, steps, table, factor, free);
  },
};

/** d(step)/d(what is trained), divided by -step. */
export function positionFactor({ positionScale = 1 }: CastAttributes): number {
  return Math.LN2 * positionScale;
}

/** y[i] = cast(x[i]); the binary points repeat along x. */
export function castValues(x: Float32Array, y: Float32Array, attributes: CastAttributes): void {
  const { binaryPoints, rounding, kHot } = attributes;
  if (kHot !== undefined) {
    projectValues(x, y, attributes, kHot);
    return;
  }
  const overflow = overflowStep(attributes.overflow);
  const clip = clipOf(attributes);
  // The usual mode apart from the switch, which would cost as much as all the rest of the loop.
  const isDefaultRounding = rounding === 'AP_RND';
  for (let channel = 0; channel < binaryPoints.length; channel++) {
    const range = rangeOf(attributes, channel);
    const { minimum, maximum } = range;
    const scale = 2 ** binaryPoints[channel];
    const step = 2 ** -binaryPoints[channel];
    for (let index = channel; index < x.length; index += binaryPoints.length) {
      const scaled = clip(x[index]) * scale;
      let raw = isDefaultRounding ? Math.floor(scaled + 0.5) : roundScaled(scaled, rounding);
      if (raw < minimum || raw > maximum) raw = overflow(raw, range);
      // Adding 0 turns -0 into 0.
      y[index] = raw * step + 0;
    }
  }
}

/** The gradients of `castValues`; a wrapping type trains as a saturating one. Sums are doubles, in the order of x. */
export function castGradientValues(
  x: Float32Array,
  dy: Float32Array,
  dx: Float32Array,
  dp: Float32Array,
  attributes: CastAttributes,
): void {
  const { binaryPoints, rounding, kHot } = attributes;
  if (kHot !== undefined) {
    projectGradientValues(x, dy, dx, dp, attributes, kHot, positionFactor(attributes));
    return;
  }
  const overflow = overflowStep(trainingOverflow(attributes.overflow));
  const isDefaultRounding = rounding === 'AP_RND';
  const clip = clipOf(attributes);
  const isBlocked = blockedBy(attributes);
  for (let channel = 0; channel < binaryPoints.length; channel++) {
    const range = rangeOf(attributes, channel);
    const { minimum, maximum } = range;
    const scale = 2 ** binaryPoints[channel];
    const step = 2 ** -binaryPoints[channel];
    let sum = 0;
    for (let index = channel; index < x.length; index += binaryPoints.length) {
      const value = clip(x[index]);
      const gradient = dy[index];
      const scaled = value * scale;
      const raw = isDefaultRounding ? Math.floor(scaled + 0.5) : roundScaled(scaled, rounding);
      if (raw < minimum || raw > maximum) {
        dx[index] = 0;
        sum -= gradient * overflow(raw, range) * step;
      } else {
        dx[index] = isBlocked(x[index]) ? 0 : gradient;
        sum += gradient * (value - raw * step);
      }
    }
    dp[channel] = positionFactor(attributes) * sum;
  }
}

function rangeOf(attributes: CastAttributes, channel: number): NumberRange {
  const wordLength = attributes.wordLengths?.[channel] ?? attributes.wordLength;
  return numberRange({ ...attributes, wordLength, binaryPoint: 0 });
}

/** The ReLU in front of a cast; NaN stays. */
function clipOf({ relu }: CastAttributes): (value: number) => number {
  if (relu === undefined) return (value) => value;
  const { maximum } = relu;
  return (value) => (value < 0 ? 0 : value > maximum ? maximum : value);
}

/** Where that ReLU has slope 0: at 0, too, but not at the ends of a clip with two ends, as in the tensor library. */
function blockedBy({ relu }: CastAttributes): (value: number) => boolean {
  if (relu === undefined) return () => false;
  const { maximum } = relu;
  return maximum === Infinity ? (value) => value <= 0 : (value) => value < 0 || value > maximum;
}

/**
 * Rounds a float32 times a power of two. `floor(value + 1/2)` in doubles is exact for such values: their last bit is at
 * most 24 bits below the first, and where the sum is rounded (below 2^-29) it stays next to 1/2.
 */
function roundScaled(value: number, rounding: Rounding): number {
  switch (rounding) {
    case 'AP_RND':
      return Math.floor(value + 0.5);
    case 'AP_TRN':
      return Math.floor(value);
    case 'AP_TRN_ZERO':
      return Math.trunc(value);
    case 'AP_RND_MIN_INF':
      return Math.ceil(value - 0.5);
    case 'AP_RND_ZERO':
      return value < 0 ? Math.floor(value + 0.5) : Math.ceil(value - 0.5);
    case 'AP_RND_INF':
      return value < 0 ? Math.ceil(value - 0.5) : Math.floor(value + 0.5);
    case 'AP_RND_CONV': {
      const up = Math.floor(value + 0.5);
      return up - value === 0.5 && up % 2 !== 0 ? up - 1 : up;
    }
  }
}

/** Whether two casts of one quantizer, at two times, are the same. */
export function isSameCast(one: CastAttributes, other: CastAttributes): boolean {
  return (
    one.overflow === other.overflow &&
    one.positionScale === other.positionScale &&
    one.wordLength === other.wordLength &&
    isEqual(one.wordLengths ?? [], other.wordLengths ?? []) &&
    isEqual(one.binaryPoints, other.binaryPoints)
  );
}

function isEqual(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((value, index) => value === other[index]);
}

/** A quantizer's cast as a part of an operation. */
export interface CastPart {
  readonly attributes: CastAttributes;
  /** What moves the binary point, [channels]; absent: the binary point is given. */
  readonly theta?: tf.Tensor;
  /** Where the word length is learned, too: what moves the integer bits, [channels]. */
  readonly integerTheta?: tf.Tensor;
}

/** What an operation with such a part depends on because of it. */
export function thetaInputs(cast: CastPart | undefined): tf.Tensor[] {
  return [cast?.theta, cast?.integerTheta].filter((theta) => theta !== undefined);
}

/**
 * cast(x), differentiable in x and in what its format is learned by.
 * @param value makes the cast, where x is only the nearest float32 of what is cast
 */
export function cast(x: tf.Tensor, part: CastPart, value?: () => tf.Tensor): tf.Tensor {
  return differentiable(
    [x, ...thetaInputs(part)],
    ([input]) => ({ value: value?.() ?? runKernel(castKernel.name, { x: input }, part.attributes)[0], saved: [input] }),
    (dy, [input]) => castGradients(input, dy, part),
  );
}

/**
 * Gradients of cast(x) by x and by each of `thetaInputs`. In a word of F + I bits that are both learned, values inside of the range
 * give a slope to F only, that of the rounding error, and those outside to I only, that of the end of the range.
 */
export function castGradients(x: tf.Tensor, dy: tf.Tensor, part: CastPart): tf.Tensor[] {
  const gradient = (slopes: tf.Tensor) => runKernel(castGradientKernel.name, { x, dy: slopes }, part.attributes);
  const [dx, all] = gradient(dy);
  // dx is dy inside of the range and 0 outside: what it brings is the share of the inside.
  const inside = () => gradient(dx)[1];
  return [dx, ...thetaGradients(part, all, inside)];
}

/**
 * The gradients by each of `thetaInputs`.
 * @param all what all values give to the binary point
 * @param inside what those inside of the range give to it
 */
export function thetaGradients(
  cast: CastPart | undefined,
  all: tf.Tensor,
  inside: () => tf.Tensor,
): readonly tf.Tensor[] {
  if (cast?.theta === undefined) return [];
  if (cast.integerTheta === undefined) return [all];
  const fractions = inside();
  return [fractions, fractions.sub(all)];
}
