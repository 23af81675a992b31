import { allHigh, allLow, describeOperation } from './contract.js';
import { tracedSum } from './traced-sum.js';

const narrow = { signed: true, wordLength: 4, binaryPoint: 0 };

describeOperation({
  operation: 'add',
  paths: ['int32', 'reference'],
  draw(draw) {
    const shape = Array.from({ length: draw.integer(1, 3) }, () => draw.integer(1, 3));
    const inputs = Array.from({ length: draw.integer(2, 4) }, () => ({ shape, format: draw.format(shape) }));
    return { attributes: {}, inputs, constants: {} };
  },
  shape: (use) => use.inputs[0].shape,
  evaluate: (_use, inputs, trace) =>
    inputs[0].map((_, index) =>
      tracedSum(
        inputs.map((values) => values[index]),
        trace,
      ),
    ),
  extremes: () => [allHigh, allLow],
  refusals: [
    {
      what: 'different shapes',
      change: (use) => ({
        ...use,
        inputs: [
          { shape: [2, 3], format: narrow },
          { shape: [3, 2], format: narrow },
        ],
      }),
      message: /different shapes: "input 0" \[2, 3\], "input 1" \[3, 2\]/,
    },
    {
      what: 'a single input',
      change: (use) => ({ ...use, inputs: use.inputs.slice(0, 1) }),
      message: /1 inputs, add takes 2/,
    },
  ],
});
