import { QfxError } from '../errors.js';
import { isUniform, rawRange } from '../number/type.js';
import type { FixedPointFormat } from '../number/type.js';
import { sameChannels } from './channels.js';
import { noAttributes, requireConstantShape } from './checks.js';
import type { NoAttributes } from './checks.js';
import { constantInterval, joinIntervals, smallestIntervalFormat } from './interval.js';
import { requireUniformInput } from './operand.js';
import { layer } from './operation.js';
import type { NodeContext, Operation } from './operation.js';

/** Longest words that a table is indexed by, in bits. */
export const maximumTableWordLength = 16;

/**
 * y = table[word of x]: a function of one value as its results for every word of the input's type. The word of a negative value is
 * its two's complement, read as an unsigned integer; so results for 0 and above come first, those for negative values follow.
 */
export const table: Operation<NoAttributes> = {
  name: 'table',
  attributes: noAttributes,
  inputCount: { minimum: 1, maximum: 1 },
  constants: { table: 'required' },
  infer(context) {
    const [operand] = context.inputs;
    const { wordLength } = requireTableInput(context);
    const results = context.constants.table;
    requireConstantShape(context, 'table', results, [2 ** wordLength]);
    if (!isUniform(results.format)) throw new QfxError(layer(context.name), 'its table has several types, needed: one');
    const intervals = Array.from({ length: results.raw.length }, (_, word) => constantInterval(results, word));
    return { shape: operand.shape, exactType: smallestIntervalFormat(joinIntervals(intervals)) };
  },
  prepare(context, _typing, { allocate, scalar }) {
    const format = requireTableInput(context);
    const { raw } = context.constants.table;
    const smallest = Number(rawRange(format).minimum);
    // From the smallest value on, so that an index is a difference.
    const results = allocate(raw.length);
    for (let index = 0; index < raw.length; index++) {
      results[index] = scalar(raw[wordOf(index + smallest, format.wordLength)]);
    }
    return ([values]) => {
      const result = allocate(values.length);
      for (let index = 0; index < values.length; index++) result[index] = results[Number(values[index]) - smallest];
      return result;
    };
  },
  multiplications: () => 0,
  channels: (context) => ({ ...sameChannels(context), needsInputType: true }),
};

/** The word of a raw integer of so many bits, as an unsigned integer. */
export function wordOf(raw: number, wordLength: number): number {
  return raw < 0 ? raw + 2 ** wordLength : raw;
}

/** The type of a table's input; throws unless it is one for all values, and short enough. */
export function requireTableInput(context: Pick<NodeContext, 'name' | 'inputs'>): FixedPointFormat {
  const format = requireUniformInput(context);
  if (format.wordLength <= maximumTableWordLength) return format;
  const [{ name }] = context.inputs;
  throw new QfxError(
    layer(context.name),
    `input "${name}" has words of ${format.wordLength} bits, a table takes at most ${maximumTableWordLength}`,
  );
}
