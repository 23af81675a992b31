import { z } from 'zod';
import { describe, expect, it } from 'vitest';
import { findOperation, operations, registerOperation } from '../../src/qfx/index.js';
import type { Operation } from '../../src/qfx/index.js';
import { smallestFormat } from '../../src/qfx/index.js';
import { allHigh, allLow, describeOperation } from './contract.js';
import { dyadic, times } from './dyadic.js';

/** What a user's own package may bring: the k-fold of integers of one type. */
const multiple: Operation<{ factor: number }> = {
  name: 'example/multiple',
  attributes: z.strictObject({ factor: z.int().min(1).max(1000) }),
  inputCount: { minimum: 1, maximum: 1 },
  constants: {},
  infer({ inputs: [{ shape, format }], attributes: { factor } }) {
    const { wordLength, binaryPoint, signed } = format;
    if (typeof wordLength !== 'number' || typeof binaryPoint !== 'number') throw new Error('not in this example');
    const largest = wordLength === 0 ? 0n : (1n << BigInt(signed ? wordLength - 1 : wordLength)) - 1n;
    const smallest = wordLength === 0 || !signed ? 0n : -largest - 1n;
    const exactType = smallestFormat(
      smallest * BigInt(factor),
      largest * BigInt(factor),
      wordLength === 0 ? 0 : binaryPoint,
    );
    return { shape, exactType };
  },
  prepare({ attributes: { factor } }, _typing, arithmetic) {
    const exactFactor = arithmetic.scalar(factor);
    return ([values]) => {
      const result = arithmetic.allocate(values.length);
      for (let index = 0; index < values.length; index++) result[index] = values[index] * exactFactor;
      return result;
    };
  },
  multiplications: (_context, { shape }) => shape.reduce((product, size) => product * size, 1),
};

describe('registerOperation', () => {
  it('takes an operation once, and no name twice', () => {
    expect(() => findOperation(multiple.name)).toThrow(
      /unknown operation "example\/multiple", known: input, dense, conv2d/,
    );
    registerOperation(multiple);
    expect(findOperation(multiple.name)).toBe(multiple);
    expect(() => registerOperation(multiple)).toThrow(
      /operation "example\/multiple": there is already one of this name/,
    );
    expect(() => registerOperation({ ...multiple, name: 'dense' })).toThrow(/already one/);
    expect(findOperation('dense')).toBe(operations.dense);
  });
});

describeOperation({
  operation: multiple.name,
  draw(draw) {
    const shape = [draw.integer(1, 4)];
    const wordLength = draw.pick([0, 1, 4, 12, 50, 54]);
    const format = { signed: draw.pick([true, false]), wordLength, binaryPoint: draw.integer(-3, 9) };
    return { attributes: { factor: draw.integer(1, 1000) }, inputs: [{ shape, format }], constants: {} };
  },
  shape: (use) => use.inputs[0].shape,
  evaluate: ({ attributes: { factor } }, [values], trace) =>
    values.map((value) => {
      trace(times(value, dyadic(factor as number)));
      return times(value, dyadic(factor as number));
    }),
  extremes: () => [allHigh, allLow],
  refusals: [
    { what: 'a factor of 0', change: (use) => ({ ...use, attributes: { factor: 0 } }), message: /attributes: factor/ },
  ],
});
