import { elementCount } from '../../qfx/number/shape.js';
import type { Emitter } from './emitter.js';
import { channelTable, shiftTable } from './weight-table.js';

export const prelu: Emitter = {
  name: 'prelu',
  emit({ where, constants, shape, exactType }) {
    const alpha = channelTable(constants.alpha, `${where}: alpha`);
    const channels = shape[shape.length - 1];
    return {
      header: 'qfx/prelu.h',
      function: 'qfx::prelu',
      streams: 'inputs-first',
      types: [
        { name: 'alpha_t', format: alpha.format },
        { name: 'exact_t', format: exactType },
      ],
      integers: [{ positions: elementCount(shape) / channels, channels }],
      tables: [
        {
          name: 'alpha',
          comment: 'Slope of each channel, raw integers.',
          element: { typeName: 'alpha_t' },
          dimensions: [channels],
          values: alpha.raw,
        },
        shiftTable('alpha_shift', alpha),
      ],
    };
  },
};
