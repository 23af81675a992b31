import { allHigh, allLow, describeOperation } from './contract.js';
import type { Dyadic } from './dyadic.js';

const narrow = { signed: true, wordLength: 4, binaryPoint: 0 };

describeOperation({
  operation: 'concatenate',
  paths: ['int32', 'int64', 'reference'],
  draw(draw) {
    const sizes = Array.from({ length: draw.integer(1, 3) }, () => draw.integer(1, 3));
    const axis = draw.integer(0, sizes.length - 1);
    const inputs = Array.from({ length: draw.integer(2, 3) }, () => {
      const shape = sizes.map((size, index) => (index === axis ? draw.integer(1, 3) : size));
      return { shape, format: draw.format(shape) };
    });
    return { attributes: { axis }, inputs, constants: {} };
  },
  shape: ({ attributes: { axis }, inputs }) =>
    inputs[0].shape.map((size, index) =>
      index === axis ? inputs.reduce((sum, { shape }) => sum + shape[index], 0) : size,
    ),
  evaluate({ attributes: { axis }, inputs }, values, trace) {
    values.flat().forEach((value) => trace(value));
    // Nested lists, joined at their depth.
    const nest = (flat: readonly Dyadic[], shape: readonly number[]): unknown =>
      shape.length === 0
        ? flat[0]
        : Array.from({ length: shape[0] }, (_, index) => {
            const size = flat.length / shape[0];
            return nest(flat.slice(index * size, (index + 1) * size), shape.slice(1));
          });
    const join = (lists: unknown[][], depth: number): unknown[] =>
      depth === 0
        ? lists.flat(1)
        : lists[0].map((_, index) =>
            join(
              lists.map((list) => list[index] as unknown[]),
              depth - 1,
            ),
          );
    const nested = values.map((flat, index) => nest(flat, inputs[index].shape) as unknown[]);
    return join(nested, axis as number).flat(9) as Dyadic[];
  },
  extremes: () => [allHigh, allLow],
  refusals: [
    {
      what: 'an axis that is not there',
      change: (use) => ({ ...use, attributes: { axis: 3 } }),
      message: /axis is 3, its inputs have axes 0/,
    },
    {
      what: 'an axis counted from the end',
      change: (use) => ({ ...use, attributes: { axis: -1 } }),
      message: /attributes: axis/,
    },
    {
      what: 'shapes that differ elsewhere',
      change: (use) => ({
        ...use,
        attributes: { axis: 0 },
        inputs: [
          { shape: [2, 3], format: narrow },
          { shape: [2, 4], format: narrow },
        ],
      }),
      message: /differ in more than axis 0: "input 0" \[2, 3\], "input 1" \[2, 4\]/,
    },
    {
      what: 'different numbers of axes',
      change: (use) => ({
        ...use,
        attributes: { axis: 0 },
        inputs: [
          { shape: [2], format: narrow },
          { shape: [2, 1], format: narrow },
        ],
      }),
      message: /differ in more than axis 0/,
    },
  ],
});
