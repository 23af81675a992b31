import { elementCount } from '../../qfx/number/shape.js';
import type { Emitter } from './emitter.js';
import { factorTable, factorType, shiftTable, tableComment } from './weight-table.js';

export const prelu: Emitter = {
  name: 'prelu',
  emit({ where, constants, kHot, shape, exactType }) {
    const alpha = factorTable(constants.alpha, kHot, `${where}: alpha`);
    const channels = shape[shape.length - 1];
    return {
      header: 'qfx/prelu.h',
      function: 'qfx::prelu',
      streams: 'inputs-first',
      types: [factorType('alpha_t', alpha), { name: 'exact_t', format: exactType }],
      integers: [{ positions: elementCount(shape) / channels, channels }],
      tables: [
        {
          name: 'alpha',
          comment: tableComment('Slope of each channel', alpha),
          element: { typeName: 'alpha_t' },
          dimensions: [channels],
          values: alpha.entries,
        },
        shiftTable('alpha_shift', alpha),
      ],
    };
  },
};
