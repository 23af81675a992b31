import { dyadicsOf, times } from './dyadic.js';
import { allHigh, allLow, describeOperation } from './contract.js';
import { tracedSum } from './traced-sum.js';

const narrow = { signed: true, wordLength: 4, binaryPoint: 0 };

describeOperation({
  operation: 'batch-normalization',
  paths: ['int32', 'int64', 'reference'],
  draw(draw) {
    const shape = Array.from({ length: draw.integer(1, 3) }, () => draw.integer(1, 3));
    const channels = shape.slice(-1);
    return {
      attributes: {},
      inputs: [{ shape, format: draw.format(shape) }],
      constants: { scale: draw.tensor(channels), offset: draw.tensor(channels) },
    };
  },
  shape: (use) => use.inputs[0].shape,
  evaluate(use, [values], trace) {
    const [scale, offset] = [dyadicsOf(use.constants.scale), dyadicsOf(use.constants.offset)];
    return values.map((value, index) => {
      const channel = index % scale.length;
      return tracedSum([times(value, scale[channel]), offset[channel]], trace);
    });
  },
  extremes: () => [allHigh, allLow],
  refusals: ['scale', 'offset'].map((role) => ({
    what: `a ${role} of another length`,
    change: (use) => ({
      ...use,
      constants: { ...use.constants, [role]: { shape: [9], format: narrow, raw: new Float64Array(9) } },
    }),
    message: new RegExp(`${role} have shape \\[9\\]`),
  })),
});
