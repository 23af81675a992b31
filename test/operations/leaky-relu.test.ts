import { expect, it } from 'vitest';
import { leakyRelu } from '../../src/qfx/operations/leaky-relu.js';
import type { LeakyReluAttributes } from '../../src/qfx/operations/leaky-relu.js';
import { allHigh, allLow, describeOperation } from './contract.js';
import { dyadic, isLess, nothing, times, zeroAt } from './dyadic.js';

describeOperation({
  operation: 'leaky-relu',
  paths: ['int64', 'reference'],
  draw(draw) {
    const shape = Array.from({ length: draw.integer(1, 3) }, () => draw.integer(1, 3));
    const raw = draw.pick([1, 2 ** draw.integer(0, 9), draw.integer(1, 2 ** 20)]);
    const alpha = { raw: String(raw), binaryPoint: draw.integer(-3, 20) };
    return { attributes: { alpha }, inputs: [{ shape, format: draw.format(shape) }], constants: {} };
  },
  shape: (use) => use.inputs[0].shape,
  evaluate({ attributes }, [values], trace) {
    const { alpha } = attributes as LeakyReluAttributes;
    const slope = dyadic(BigInt(alpha.raw), alpha.binaryPoint);
    return values.map((value) => {
      const product = times(value, slope);
      const result = isLess(value, nothing) ? product : value;
      trace(result);
      // Both count, whichever of the two is the result.
      trace(zeroAt(value));
      trace(zeroAt(product));
      return result;
    });
  },
  extremes: () => [allHigh, allLow],
  refusals: ['0', '-1', '0.1'].map((raw) => ({
    what: `the slope ${raw}`,
    change: (use) => ({ ...use, attributes: { alpha: { raw, binaryPoint: 3 } } }),
    message: /attributes: alpha.raw: needed: a positive whole number/,
  })),
});

it('a power of two counts as no multiplication', () => {
  const format = { signed: true, wordLength: 4, binaryPoint: 0 };
  const count = (raw: string) => {
    const inputs = [{ name: 'x', shape: [2, 5], format }];
    const attributes = { alpha: { raw, binaryPoint: 3 } };
    const context = { name: 'leaky', inputs, attributes, constants: {}, outputType: 'exact' } as const;
    return leakyRelu.multiplications(context, leakyRelu.infer(context));
  };
  expect(['1', '2', '16', '3', '6'].map(count)).toEqual([0, 0, 0, 10, 10]);
});
