import { expect } from 'vitest';
import {
  add,
  differenceFormat,
  multiply,
  productFormat,
  subtract,
  sumFormat,
} from '../../src/qfx/number/arithmetic.js';
import { castTensor } from '../../src/qfx/number/cast.js';
import { makeRawArray } from '../../src/qfx/number/raw-array.js';
import type { RawArray } from '../../src/qfx/number/raw-array.js';
import { describeFormat, describeType } from '../../src/qfx/number/type.js';
import type { FixedPointFormat } from '../../src/qfx/number/type.js';
import { operandPairs } from './cases.js';
import type { CastBlock, OperationBlock } from './cases.js';

/** What the oracles' programs read: for each block the number of source values, then the values, as 64-bit integers. */
export function castInput(blocks: readonly CastBlock[]): BigInt64Array {
  return BigInt64Array.from(
    blocks.flatMap(({ sources }) => [BigInt(sources.length), ...sources.map((raw) => BigInt.asIntN(64, raw))]),
  );
}

/** Compares all results of an oracle, raw integer by raw integer; fails on the first difference. Returns their number. */
export function compareCasts(blocks: readonly CastBlock[], results: BigInt64Array): number {
  let position = 0;
  for (const { from, sources, targets } of blocks) {
    const raw = rawArrayOf(from, sources);
    for (const to of targets) {
      const found = castTensor(raw, from, to, [sources.length]);
      for (let index = 0; index < sources.length; index++, position++) {
        if (BigInt.asIntN(64, BigInt(found[index])) === results[position]) continue;
        const what = `raw ${sources[index]} of ${describeFormat(from)} to ${describeType(to)}`;
        expect.fail(`${what}: QFX gives ${found[index]}, the oracle ${results[position]}`);
      }
    }
  }
  expect(results.length).toBe(position);
  return position;
}

/** Sum, difference and product with the formats of their results. */
const operators = {
  '+': { operate: add, format: sumFormat },
  '-': { operate: subtract, format: differenceFormat },
  '*': { operate: multiply, format: productFormat },
} as const;

/**
 * Compares the results of all operations: for each block and operator all pairs, before them (if `withFormats`) the
 * result's word length, integer bits, signedness, and 1 for default modes. Returns the number of results.
 */
export function compareOperations(
  blocks: readonly OperationBlock[],
  results: BigInt64Array,
  { withFormats }: { withFormats: boolean },
): number {
  let position = 0;
  for (const { a, b } of blocks) {
    for (const [symbol, { operate, format }] of Object.entries(operators)) {
      const what = `${describeFormat(a)} ${symbol} ${describeFormat(b)}`;
      if (withFormats) {
        const { signed, wordLength, binaryPoint } = format(a, b);
        const expected = [wordLength, wordLength - binaryPoint, signed ? 1 : 0, 1].map(BigInt);
        expect([...results.subarray(position, (position += 4))], what).toEqual(expected);
      }
      for (const pair of operandPairs({ a, b })) {
        const found = operate({ raw: pair.a, format: a }, { raw: pair.b, format: b }).raw;
        const expected = results[position++];
        if (found !== expected) {
          expect.fail(`${what}, raw ${pair.a} ${symbol} ${pair.b}: QFX gives ${found}, the oracle ${expected}`);
        }
      }
    }
  }
  expect(results.length).toBe(position);
  return position;
}

function rawArrayOf(format: FixedPointFormat, values: readonly bigint[]): RawArray {
  const raw = makeRawArray(format, values.length);
  values.forEach((value, index) => {
    if (raw instanceof Float64Array) raw[index] = Number(value);
    else raw[index] = value;
  });
  return raw;
}
