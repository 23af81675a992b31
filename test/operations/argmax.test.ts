import { expect, it } from 'vitest';
import { buildGraph, Network } from '../../src/qfx/index.js';
import { describeOperation } from './contract.js';
import { dyadic, isLess } from './dyadic.js';
import { inputType } from './draw.js';

describeOperation({
  operation: 'argmax',
  paths: ['int64', 'reference'],
  draw(draw) {
    const shape = Array.from({ length: draw.integer(1, 3) }, () => draw.integer(1, 4));
    return { attributes: {}, inputs: [{ shape, format: draw.format(shape) }], constants: {} };
  },
  shape: ({ inputs: [{ shape }] }) => (shape.length === 1 ? [1] : shape.slice(0, -1)),
  evaluate({ inputs: [{ shape }] }, [values], trace) {
    const channels = shape[shape.length - 1];
    return Array.from({ length: values.length / channels }, (_, row) => {
      const own = values.slice(row * channels, (row + 1) * channels);
      own.forEach((value) => trace(value, 'operand'));
      const best = own.findIndex((value) => own.every((other) => !isLess(value, other)));
      trace(dyadic(best));
      return dyadic(best);
    });
  },
  extremes({ inputs: [{ shape, format }] }) {
    const last = shape[shape.length - 1] - 1;
    // Without a width, or with values of different ranges, the last channel may never be the largest.
    if (typeof format.wordLength !== 'number' || typeof format.binaryPoint !== 'number' || format.wordLength === 0)
      return undefined;
    return [{ isHigh: (_input, index) => index % (last + 1) === last }];
  },
  refusals: [],
});

it('gives ties to the lowest index', () => {
  const graph = buildGraph({
    name: 'ties',
    nodes: [
      {
        name: 'x',
        operation: 'input',
        inputs: [],
        attributes: { shape: [2, 4] },
        outputType: inputType({ signed: true, wordLength: 4, binaryPoint: 0 }),
      },
      { name: 'y', operation: 'argmax', inputs: ['x'], outputType: 'exact' },
    ],
    outputs: ['y'],
  });
  expect([...new Network(graph).run([1, 7, 7, -8, -8, -8, -8, -8]).outputs.y.raw]).toEqual([1, 0]);
});
