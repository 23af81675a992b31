import { describeOperation } from './contract.js';
import type { OperationCase } from './contract.js';
import { dyadicsOf, nothing } from './dyadic.js';
import type { Dyadic } from './dyadic.js';

/** A uniform format of at most so many bits. */
function inputFormat({ inputs: [{ format }] }: OperationCase) {
  return format as { signed: boolean; wordLength: number; binaryPoint: number };
}

/** The word of a value: its raw integer's two's complement. */
function wordOf(value: Dyadic, bits: number): number {
  return value === nothing ? 0 : Number(BigInt.asUintN(bits, value.raw));
}

describeOperation({
  operation: 'table',
  draw(draw) {
    const shape = Array.from({ length: draw.integer(1, 3) }, () => draw.integer(1, 3));
    const wordLength = draw.pick([0, 1, 1, 1, 2, 3, 5, 8]);
    const format = { signed: draw.pick([true, false]), wordLength, binaryPoint: draw.integer(-20, 20) };
    const results = {
      signed: draw.pick([true, false]),
      wordLength: draw.integer(0, draw.pick([4, 8, 53, 64])),
      binaryPoint: draw.integer(-20, 20),
    };
    const table = { shape: [2 ** wordLength], format: results, raw: draw.raw([2 ** wordLength], results) };
    return { attributes: {}, inputs: [{ shape, format }], constants: { table } };
  },
  shape: (use) => use.inputs[0].shape,
  evaluate(use, [values], trace) {
    const results = dyadicsOf(use.constants.table);
    return values.map((value) => {
      const result = results[wordOf(value, inputFormat(use).wordLength)];
      trace(result);
      return result;
    });
  },
  // The ends of longer words need not have the extreme results.
  extremes: (use) => (inputFormat(use).wordLength > 1 ? undefined : [{ isHigh: () => true }, { isHigh: () => false }]),
  refusals: [
    {
      what: 'an input of several types',
      change: (use) => ({
        ...use,
        inputs: [{ shape: [2], format: { signed: false, wordLength: { axis: 0, values: [2, 3] }, binaryPoint: 0 } }],
      }),
      message: /input "input 0" has several types, needed: one/,
    },
    {
      what: 'long words',
      change: (use) => ({
        ...use,
        inputs: [{ shape: [2], format: { signed: false, wordLength: 17, binaryPoint: 0 } }],
      }),
      message: /input "input 0" has words of 17 bits, a table takes at most 16/,
    },
    {
      what: 'a table of another length',
      change: (use) => ({
        ...use,
        constants: {
          table: {
            shape: [3],
            format: { signed: false, wordLength: 1, binaryPoint: 0 },
            raw: new Float64Array(3),
          },
        },
      }),
      message: /table have shape \[3\], needed: \[\d+\]/,
    },
    {
      what: 'a table of several types',
      change: ({ inputs, ...use }) => ({
        ...use,
        inputs: [{ ...inputs[0], format: { signed: false, wordLength: 1, binaryPoint: 0 } }],
        constants: {
          table: {
            shape: [2],
            format: { signed: false, wordLength: { axis: 0, values: [1, 2] }, binaryPoint: 0 },
            raw: new Float64Array(2),
          },
        },
      }),
      message: /its table has several types, needed: one/,
    },
  ],
});
