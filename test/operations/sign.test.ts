import { allHigh, allLow, describeOperation } from './contract.js';
import { dyadic, isLess, nothing } from './dyadic.js';

describeOperation({
  operation: 'sign',
  draw(draw) {
    const shape = Array.from({ length: draw.integer(1, 3) }, () => draw.integer(1, 4));
    return { attributes: {}, inputs: [{ shape, format: draw.format(shape) }], constants: {} };
  },
  shape: (use) => use.inputs[0].shape,
  evaluate: (_use, [values], trace) =>
    values.map((value) => {
      const result = dyadic(isLess(value, nothing) ? -1 : 1);
      trace(result);
      return result;
    }),
  extremes: () => [allHigh, allLow],
  refusals: [],
});
