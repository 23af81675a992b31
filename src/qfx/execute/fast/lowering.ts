import type { GraphNode } from '../../graph/graph.js';
import { isUniform } from '../../number/type.js';
import type { FixedPointFormat, TensorFormat, TensorType } from '../../number/type.js';
import type { NodeContext } from '../../operations/operation.js';
import type { Arena, Scratch } from './arena.js';
import { integerCasts, laneCast } from './cast.js';
import type { Described } from './cast.js';
import type { Kernels } from './kernels.js';
import { fits, signedRange, storageOfBits } from './storage.js';
import type { Storage } from './storage.js';

/** The values of a node for all images of a block, image after image. */
export interface Place {
  readonly address: number;
  readonly storage: Storage;
  /** Values of one image. */
  readonly count: number;
  readonly shape: readonly number[];
  readonly format: TensorFormat;
}

/** A node that is to be computed in a memory. */
export interface Lowering<Attributes = unknown> {
  readonly node: GraphNode;
  readonly context: NodeContext<Attributes>;
  readonly inputs: readonly Place[];
  readonly output: Place & { readonly format: TensorType };
  readonly kernels: Kernels;
  readonly arena: Arena;
  readonly scratch: Scratch;
  /** Images of a block. */
  readonly images: number;
}

/** Computes a node for the first `images` images of a block. */
type Run = (images: number) => void;

/** How a node is computed: in which integers, or (`copy`) by moving values that no cast changes, or by the reference. */
export type Path = 'int16' | 'int32' | 'int64' | 'copy' | 'reference';

export interface Lowered {
  readonly path: Path;
  readonly run: Run;
}

/** A faster way to compute a node than the reference; undefined where its types do not allow one. */
export type Lower<Attributes = unknown> = (lowering: Lowering<Attributes>) => Lowered | undefined;

/** Where exact results of so many bits are kept for a cast behind them, as if they were a node's output. */
export function exactOutput({ node, output }: Lowering, bits: 32 | 64): Lowering['output'] {
  const format = { ...node.exactType, rounding: 'AP_TRN', overflow: 'AP_WRAP' } as const;
  return { ...output, address: 0, storage: storageOfBits(bits), format };
}

/** The address of the one cast from a format to a node's output on lanes of 32 bits; undefined where there is none. */
export function placeLaneCast(
  { output, arena }: Pick<Lowering, 'output' | 'arena'>,
  from: TensorFormat,
): number | undefined {
  if (output.storage === 3) return undefined;
  const cast = laneCast(from, output.format);
  return cast && arena.constant(cast);
}

/** Address and period of the casts to a node's output on 64 bits; undefined where there are none. */
export function placeIntegerCasts(
  { output, arena }: Pick<Lowering, 'output' | 'arena'>,
  from: Described,
): [casts: number, period: number] | undefined {
  const found = integerCasts(from, output);
  return found && [arena.constant(found.casts), found.period];
}

/** Exact integers as an array of 32 bits; undefined where one doesn't fit. */
export function toInt32(values: ArrayLike<number>): Int32Array | undefined {
  const bigInts = allWithin(values, 32);
  return bigInts && Int32Array.from(bigInts, Number);
}

/** Exact integers as an array of 64 bits; undefined where one doesn't fit. */
export function toInt64(values: ArrayLike<number>): BigInt64Array | undefined {
  const bigInts = allWithin(values, 64);
  return bigInts && BigInt64Array.from(bigInts);
}

/** Exact scalars (see scalars.ts) as BigInt; undefined where one is no signed integer of `bits` bits. */
export function allWithin(values: ArrayLike<number>, bits: number): bigint[] | undefined {
  const { minimum, maximum } = signedRange(bits);
  const bigInts = Array.from(values, BigInt);
  return bigInts.every((value) => value >= minimum && value <= maximum) ? bigInts : undefined;
}

/** How far an operand of one format is shifted left to a binary point; undefined where formats or shifts leave `bits` bits. */
export function uniformShift(format: TensorFormat, binaryPoint: number, bits: 32 | 64): number | undefined {
  if (!isUniform(format) || !fits(format, bits)) return undefined;
  const shift = format.wordLength === 0 ? 0 : binaryPoint - format.binaryPoint;
  return shift < bits ? shift : undefined;
}

/** The two places of values that a kernel is told. */
export function valuesOf({ address, storage }: Place): [address: number, storage: Storage] {
  return [address, storage];
}

/** The format of a place whose values all have one; undefined where they have several, or need more than `bits` bits. */
export function uniformFormat({ format }: Place, bits: 32 | 64): FixedPointFormat | undefined {
  return isUniform(format) && fits(format, bits) ? format : undefined;
}
