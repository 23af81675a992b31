import { elementCount } from '../../qfx/number/shape.js';
import type { Emitter } from './emitter.js';
import { alignedTable, factorTable, factorType, shiftTable, tableComment } from './weight-table.js';

export const batchNormalization: Emitter = {
  name: 'batch-normalization',
  emit({ where, constants, kHot, shape, exactType }) {
    const scale = factorTable(constants.scale, kHot, `${where}: scale`);
    const offset = alignedTable(constants.offset, `${where}: offset`);
    const channels = shape[shape.length - 1];
    return {
      header: 'qfx/batch_normalization.h',
      function: 'qfx::batch_normalization',
      streams: 'inputs-first',
      types: [
        factorType('scale_t', scale),
        { name: 'offset_t', format: offset.format },
        { name: 'exact_t', format: exactType },
      ],
      integers: [{ positions: elementCount(shape) / channels, channels }],
      tables: [
        {
          name: 'scale',
          comment: tableComment('Scale of each channel', scale),
          element: { typeName: 'scale_t' },
          dimensions: [channels],
          values: scale.entries,
        },
        {
          name: 'offset',
          comment: 'Offset of each channel, raw integers.',
          element: { typeName: 'offset_t' },
          dimensions: [channels],
          values: offset.entries,
        },
        shiftTable('scale_shift', scale),
      ],
    };
  },
};
