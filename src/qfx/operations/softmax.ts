import { QfxError } from '../errors.js';
import type { IntegerTensor } from '../number/raw-array.js';
import { elementCount } from '../number/shape.js';
import { isUniform, smallestFormat } from '../number/type.js';
import type { FixedPointFormat } from '../number/type.js';
import { noAttributes } from './checks.js';
import type { NoAttributes } from './checks.js';
import { formatInterval } from './interval.js';
import { requireUniformInput } from './operand.js';
import { layer } from './operation.js';
import type { NodeContext, Operation } from './operation.js';

/**
 * Shares along the last axis. With m the largest x of a row:
 *
 * - e[c] = exponentials[raw integer of m - x[c]], and 0 beyond the table's end;
 * - the raw integer of the sum of e is 2^k (1 + f), 0 <= f < 1, and r = reciprocals[floor(f 2^T)], 2^T the table's length;
 * - y[c] = (raw integer of e[c]) r 2^-k.
 *
 * Tables decide how good the exponentials and the reciprocals of 1 + f are; all of the rest is exact.
 */
export const softmax: Operation<NoAttributes> = {
  name: 'softmax',
  attributes: noAttributes,
  inputCount: { minimum: 1, maximum: 1 },
  constants: { exponentials: 'required', reciprocals: 'required' },
  infer(context) {
    const [operand] = context.inputs;
    const input = formatInterval(requireUniformInput(context));
    const { exponentials, reciprocals } = describeTables(context);
    const channels = operand.shape[operand.shape.length - 1];
    const sums = { smallest: exponentials.raw[0], largest: BigInt(channels) * exponentials.raw[0] };
    const binaryPoint = reciprocals.format.binaryPoint + exponentOf(sums.largest);
    return {
      shape: operand.shape,
      exactType: smallestFormat(0n, largestShare(sums, reciprocals), binaryPoint),
      intermediateTypes: {
        difference: smallestFormat(0n, input.maximum - input.minimum, input.binaryPoint ?? 0),
        sum: smallestFormat(0n, sums.largest, exponentials.format.binaryPoint),
      },
    };
  },
  prepare(context, { intermediateTypes }, { zero, scalar, powerOfTwo, allocate }) {
    const { exponentials, reciprocals } = describeTables(context);
    const [{ shape }] = context.inputs;
    const channels = shape[shape.length - 1];
    const largestExponent = (intermediateTypes?.sum.wordLength ?? 1) - 1;
    const shares = exponentials.raw.map(scalar);
    return ([values]) => {
      const result = allocate(values.length);
      for (let start = 0; start < values.length; start += channels) {
        let largest = values[start];
        for (let index = start + 1; index < start + channels; index++) {
          if (values[index] > largest) largest = values[index];
        }
        let sum = zero;
        for (let index = start; index < start + channels; index++) {
          result[index] = shares[Number(largest - values[index])] ?? zero;
          sum += result[index];
        }
        const exponent = exponentOf(BigInt(sum));
        const reciprocal = scalar(reciprocals.raw[reciprocalIndex(BigInt(sum), reciprocals.indexBits)]);
        const factor = reciprocal * powerOfTwo(largestExponent - exponent);
        for (let index = start; index < start + channels; index++) result[index] *= factor;
      }
      return result;
    };
  },
  multiplications: (_context, { shape }) => elementCount(shape),
};

/** A table of unsigned integers of one type. */
interface UnsignedTable {
  readonly raw: readonly bigint[];
  readonly format: FixedPointFormat;
}

interface ReciprocalTable extends UnsignedTable {
  /** T: the table has 2^T entries. */
  readonly indexBits: number;
}

function describeTables({ name, constants }: Pick<NodeContext, 'name' | 'constants'>): {
  readonly exponentials: UnsignedTable;
  readonly reciprocals: ReciprocalTable;
} {
  const where = layer(name);
  const exponentials = unsignedTable(constants.exponentials, `${where}: exponentials`);
  const [first] = exponentials.raw;
  const larger = exponentials.raw.findIndex((value) => value > first);
  if (first === 0n || larger >= 0) {
    const found = first === 0n ? 'the first one is 0' : `the first one is ${first}, number ${larger} is larger`;
    throw new QfxError(`${where}: exponentials`, `${found}; needed: a first one above 0, which is the largest`);
  }
  const reciprocals = unsignedTable(constants.reciprocals, `${where}: reciprocals`);
  const indexBits = Math.log2(reciprocals.raw.length);
  if (!Number.isInteger(indexBits)) {
    throw new QfxError(`${where}: reciprocals`, `${reciprocals.raw.length} of them, needed: a power of two`);
  }
  return { exponentials, reciprocals: { ...reciprocals, indexBits } };
}

function unsignedTable({ shape, format, raw }: IntegerTensor, where: string): UnsignedTable {
  if (shape.length !== 1) throw new QfxError(where, `have shape [${shape.join(', ')}], needed: one axis`);
  if (format.signed || !isUniform(format)) throw new QfxError(where, 'needed: unsigned, of one type');
  return { raw: Array.from({ length: raw.length }, (_, index) => BigInt(raw[index])), format };
}

/** k of 2^k <= value < 2^(k + 1). */
function exponentOf(value: bigint): number {
  return value.toString(2).length - 1;
}

/** The first T bits behind the leading one. */
function reciprocalIndex(sum: bigint, indexBits: number): number {
  return Number((sum << BigInt(indexBits)) >> BigInt(exponentOf(sum))) - 2 ** indexBits;
}

/** The largest result's raw integer: the largest exponential times the largest reciprocal that a sum of each size may take. */
function largestShare(
  sums: { readonly smallest: bigint; readonly largest: bigint },
  { raw, indexBits }: ReciprocalTable,
): bigint {
  const last = exponentOf(sums.largest);
  let most = 0n;
  for (let exponent = exponentOf(sums.smallest); exponent <= last; exponent++) {
    const start = 1n << BigInt(exponent);
    const from = start < sums.smallest ? sums.smallest : start;
    const to = 2n * start - 1n > sums.largest ? sums.largest : 2n * start - 1n;
    for (let index = reciprocalIndex(from, indexBits); index <= reciprocalIndex(to, indexBits); index++) {
      const share = (sums.smallest * raw[index]) << BigInt(last - exponent);
      if (share > most) most = share;
    }
  }
  return most;
}
