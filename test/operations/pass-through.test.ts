import { allHigh, allLow, describeOperation } from './contract.js';
import type { OperationContract } from './contract.js';

const count = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

const passThrough: Pick<OperationContract, 'evaluate' | 'extremes'> = {
  evaluate(_use, [values], trace) {
    for (const value of values) trace(value);
    return [...values];
  },
  extremes: () => [allHigh, allLow],
};

for (const operation of ['requantize', 'flatten']) {
  describeOperation({
    ...passThrough,
    operation,
    paths: ['copy', 'int32', 'int64', 'reference'],
    draw(draw) {
      const shape = Array.from({ length: draw.integer(1, 3) }, () => draw.integer(1, 3));
      return { attributes: {}, inputs: [{ shape, format: draw.format(shape) }], constants: {} };
    },
    shape: ({ inputs: [{ shape }] }) => (operation === 'flatten' ? [count(shape)] : shape),
    refusals: [],
  });
}

describeOperation({
  ...passThrough,
  operation: 'reshape',
  paths: ['copy', 'int32', 'int64', 'reference'],
  draw(draw) {
    const sizes = Array.from({ length: draw.integer(1, 3) }, () => draw.integer(1, 3));
    const shape = draw.pick([sizes, [...sizes].reverse(), [count(sizes)], [1, ...sizes]]);
    return { attributes: { shape }, inputs: [{ shape: sizes, format: draw.format(sizes) }], constants: {} };
  },
  shape: (use) => use.attributes.shape as number[],
  refusals: [
    {
      what: 'another number of values',
      change: (use) => ({ ...use, attributes: { shape: [100] } }),
      message: /shape \[100\] needs 100/,
    },
    {
      what: 'an empty axis',
      change: (use) => ({ ...use, attributes: { shape: [0] } }),
      message: /attributes: shape.0/,
    },
    { what: 'no axis at all', change: (use) => ({ ...use, attributes: { shape: [] } }), message: /attributes: shape/ },
    {
      what: 'an absurd size',
      change: (use) => ({ ...use, attributes: { shape: [1e9] } }),
      message: /attributes: shape.0/,
    },
    {
      what: 'an absurd product',
      change: (use) => ({ ...use, attributes: { shape: Array(8).fill(2 ** 24) } }),
      message: /needs 6\.\d+e\+57/,
    },
  ],
});
