import { alignTensor, largestBinaryPoint } from '../../qfx/number/align.js';
import type { IntegerTensor, RawArray } from '../../qfx/number/raw-array.js';
import { isUniform, spreadAt, spreadValues } from '../../qfx/number/type.js';
import type { FixedPointFormat, Spread } from '../../qfx/number/type.js';
import type { Table } from './emitter.js';

/** Widest shift that the library's tables hold. */
const maximumShift = 255;

/** A constant tensor as the library takes it: raw integers of one word length. */
export interface ConstantTable {
  /** The type of the entries; with shifts, its binary point is the finest of all channels. */
  readonly format: FixedPointFormat;
  readonly raw: RawArray;
  /** Per output channel, how far its binary point lies below the finest; absent where all are equal. */
  readonly shifts?: readonly number[];
}

/**
 * Raw integers of a constant whose last axis are the channels. Binary points that differ from channel to channel are kept
 * as shifts, so that multipliers stay narrow; any finer spread is aligned exactly to the finest binary point.
 * @throws QfxError where alignment would take more than 64 bits
 */
export function channelTable(tensor: IntegerTensor, where: string): ConstantTable {
  const points = channelBinaryPoints(tensor);
  if (points === undefined) return alignedTable(tensor, where);
  const finest = largestBinaryPoint(tensor.format, tensor.shape);
  const shifts = points.map((point) => (point === undefined ? 0 : finest - point));
  if (shifts.some((shift) => shift > maximumShift)) return alignedTable(tensor, where);
  const wordLength = Math.max(...spreadValues(tensor.format.wordLength));
  const format = { signed: tensor.format.signed, wordLength, binaryPoint: finest };
  return { format, raw: tensor.raw, shifts: shifts.some((shift) => shift > 0) ? shifts : undefined };
}

/** Raw integers of a constant at its finest binary point. */
export function alignedTable(tensor: IntegerTensor, where: string): ConstantTable {
  const { format, raw } = alignTensor(tensor, largestBinaryPoint(tensor.format, tensor.shape), where);
  return { format, raw };
}

/** The table of shifts of a constant, or null. */
export function shiftTable(name: string, { shifts }: ConstantTable): Table | null {
  if (!shifts) return null;
  const comment = 'Bits that the binary point of each channel lies below the finest one.';
  return { name, comment, element: { cpp: 'unsigned char' }, dimensions: [shifts.length], values: shifts };
}

/**
 * The binary point of each channel (index of the last axis), undefined for one that is all zeros by its type;
 * nothing when the binary point varies inside a channel.
 */
function channelBinaryPoints({ format, shape, raw }: IntegerTensor): (number | undefined)[] | undefined {
  const channels = shape[shape.length - 1];
  const points = new Array<number | undefined>(channels).fill(undefined);
  const count =
    isUniform(format) || isByChannel([format.wordLength, format.binaryPoint], shape) ? channels : raw.length;
  for (let index = 0; index < count; index++) {
    if (spreadAt(format.wordLength, shape, index) === 0) continue;
    const point = spreadAt(format.binaryPoint, shape, index);
    const known = (points[index % channels] ??= point);
    if (known !== point) return undefined;
  }
  return points;
}

function isByChannel(spreads: readonly Spread[], shape: readonly number[]): boolean {
  return spreads.every(
    (spread) => typeof spread === 'number' || ('axis' in spread && spread.axis === shape.length - 1),
  );
}
