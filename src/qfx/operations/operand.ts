import { QfxError } from '../errors.js';
import { isUniform, spreadAt } from '../number/type.js';
import type { FixedPointFormat, Spread } from '../number/type.js';
import { formatAt } from '../number/validate-type.js';
import { formatInterval, joinIntervals, noWidth, smallestIntervalFormat } from './interval.js';
import type { Interval } from './interval.js';
import { elementCount } from '../number/shape.js';
import { layer } from './operation.js';
import type { NodeContext, NodeTyping, OperandDescription } from './operation.js';
import type { Arithmetic, Scalars } from './scalars.js';

/** More different types than this in one tensor, other than element by element, are refused. */
const maximumCombinations = 2 ** 20;

/** For each channel (index of the last axis) the interval of all its values, at the channel's own largest binary point. */
export function channelIntervals(operand: OperandDescription): Interval[] {
  const last = operand.shape.length - 1;
  const channels = operand.shape[last];
  if (isUniform(operand.format)) return new Array<Interval>(channels).fill(formatInterval(operand.format));
  const intervals = new Array<Interval>(channels).fill(noWidth);
  let index = 0;
  for (const [interval] of distinctIntervals([operand], last)) {
    intervals[index % channels] = joinIntervals([intervals[index % channels], interval]);
    index++;
  }
  return intervals;
}

/** The format of a node's only input; throws unless it is one for all values. */
export function requireUniformInput({
  name,
  inputs: [operand],
}: Pick<NodeContext, 'name' | 'inputs'>): FixedPointFormat {
  if (isUniform(operand.format)) return operand.format;
  throw new QfxError(layer(name), `input "${operand.name}" has several types, needed: one`);
}

/** The interval of all values of an operand, at its largest binary point. */
export function operandInterval(operand: OperandDescription): Interval {
  let joined = noWidth;
  for (const [interval] of distinctIntervals([operand])) joined = joinIntervals([joined, interval]);
  return joined;
}

/**
 * The intervals that meet at one element of operands of one shape. Elements where they repeat are left out: along an axis
 * where no format varies only the first index is taken.
 * @param wholeAxis an axis that is taken whole even so
 */
export function* distinctIntervals(
  operands: readonly OperandDescription[],
  wholeAxis?: number,
): Generator<Interval[], void> {
  const spreads: Spread[] = operands.flatMap(({ format }) => [format.wordLength, format.binaryPoint]);
  const byElement = spreads.some((spread) => typeof spread === 'object' && 'elements' in spread);
  const varies = (axis: number) =>
    axis === wholeAxis ||
    byElement ||
    spreads.some((spread) => typeof spread === 'object' && 'axis' in spread && spread.axis === axis);
  const shape = operands[0].shape.map((size, axis) => (varies(axis) ? size : 1));
  if (!byElement && elementCount(shape) > maximumCombinations) {
    throw new QfxError(
      operands.map(({ name }) => layer(name)).join(', '),
      'types that vary along several axes at once make too many combinations',
    );
  }
  for (let index = 0; index < elementCount(shape); index++) {
    yield operands.map(({ format }) => formatInterval(formatAt(format, shape, index)));
  }
}

/**
 * Shifts every element left to one binary point, or to one per channel; elements of no width are 0 at any.
 * @param binaryPoint at least each element's own
 * @returns a function that gives back its argument where there is nothing to shift
 */
export function prepareAlignment(
  operand: OperandDescription,
  binaryPoint: number | readonly (number | undefined)[],
  arithmetic: Arithmetic,
): (values: Scalars) => Scalars {
  const shifts = alignmentShifts(operand, binaryPoint);
  if (!needsAlignment(operand, binaryPoint)) return (values) => values;
  const factors = arithmetic.allocate(shifts.length);
  shifts.forEach((shift, index) => {
    factors[index] = arithmetic.powerOfTwo(shift);
  });
  const period = factors.length;
  return (values) => {
    const aligned = arithmetic.allocate(values.length);
    for (let index = 0; index < values.length; index++) aligned[index] = values[index] * factors[index % period];
    return aligned;
  };
}

/** Whether any element has to be shifted to get to a binary point, or to one per channel. */
export function needsAlignment(
  operand: OperandDescription,
  binaryPoint: number | readonly (number | undefined)[],
): boolean {
  return alignmentShifts(operand, binaryPoint).some((shift) => shift !== 0);
}

function alignmentShifts(operand: OperandDescription, binaryPoint: number | readonly (number | undefined)[]): number[] {
  const { shape, format } = operand;
  const channels = shape[shape.length - 1];
  const target = (index: number) =>
    typeof binaryPoint === 'number' ? binaryPoint : (binaryPoint[index % channels] ?? 0);
  const period = formatPeriod(operand);
  return Array.from({ length: typeof binaryPoint === 'number' ? period : Math.max(period, channels) }, (_, index) => {
    if (spreadAt(format.wordLength, shape, index) === 0) return 0;
    return target(index) - spreadAt(format.binaryPoint, shape, index);
  });
}

/** The number of elements after which the formats repeat: 1, the number of channels, or all elements. */
export function formatPeriod({ shape, format }: OperandDescription): number {
  if (isUniform(format)) return 1;
  const last = shape.length - 1;
  const byChannel = [format.wordLength, format.binaryPoint].every(
    (spread) => typeof spread === 'number' || ('axis' in spread && spread.axis === last),
  );
  return byChannel ? shape[last] : elementCount(shape);
}

/**
 * The type of an operand whose elements have to be aligned within a channel before an operation can share one constant
 * among them; nothing where a channel has one format.
 */
export function alignedOperandType(operand: OperandDescription): Pick<NodeTyping, 'intermediateTypes'> {
  if (!variesWithinChannels(operand)) return {};
  return { intermediateTypes: { operand: smallestIntervalFormat(operandInterval(operand)) } };
}

function variesWithinChannels({ shape, format }: OperandDescription): boolean {
  const channels = shape[shape.length - 1];
  return [format.wordLength, format.binaryPoint].some((spread) => {
    if (typeof spread === 'number') return false;
    if ('axis' in spread) return spread.axis !== shape.length - 1;
    return spread.elements.some((value, index) => value !== spread.elements[index % channels]);
  });
}
