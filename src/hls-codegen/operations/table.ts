import { elementCount } from '../../qfx/number/shape.js';
import type { Emitter } from './emitter.js';
import { alignedTable } from './weight-table.js';

export const table: Emitter = {
  name: 'table',
  emit({ where, constants, shape }) {
    const { format, raw } = alignedTable(constants.table, `${where}: table`);
    // An input of no width is a word of one bit in C++, which is always 0.
    const values = raw.length === 1 ? [raw[0], raw[0]] : raw;
    return {
      header: 'qfx/table.h',
      function: 'qfx::table',
      streams: 'inputs-first',
      types: [{ name: 'result_t', format }],
      integers: [{ values: elementCount(shape) }],
      tables: [
        {
          name: 'results',
          comment: 'The result for each word of the input, raw integers.',
          element: { typeName: 'result_t' },
          dimensions: [values.length],
          values,
        },
      ],
    };
  },
};
