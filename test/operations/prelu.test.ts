import { allHigh, allLow, describeOperation } from './contract.js';
import { dyadicsOf, isLess, nothing, times, zeroAt } from './dyadic.js';

describeOperation({
  operation: 'prelu',
  paths: ['int64', 'reference'],
  draw(draw) {
    const shape = Array.from({ length: draw.integer(1, 3) }, () => draw.integer(1, 3));
    return {
      attributes: {},
      inputs: [{ shape, format: draw.format(shape) }],
      constants: { alpha: draw.tensor(shape.slice(-1)) },
    };
  },
  shape: (use) => use.inputs[0].shape,
  evaluate(use, [values], trace) {
    const alpha = dyadicsOf(use.constants.alpha);
    return values.map((value, index) => {
      const product = times(value, alpha[index % alpha.length]);
      const result = isLess(value, nothing) ? product : value;
      trace(result);
      // Both count, whichever of the two is the result.
      trace(zeroAt(value));
      trace(zeroAt(product));
      return result;
    });
  },
  extremes: () => [allHigh, allLow],
  refusals: [
    {
      what: 'slopes of another number of channels',
      change: (use) => ({
        ...use,
        constants: {
          alpha: { shape: [9], format: { signed: true, wordLength: 4, binaryPoint: 0 }, raw: new Float64Array(9) },
        },
      }),
      message: /alpha have shape \[9\]/,
    },
  ],
});
