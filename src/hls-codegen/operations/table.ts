import { elementCount } from '../../qfx/number/shape.js';
import type { Emitter } from './emitter.js';
import { alignedTable } from './weight-table.js';

export const table: Emitter = {
  name: 'table',
  emit({ where, constants, shape }) {
    const { format, entries } = alignedTable(constants.table, `${where}: table`);
    // An input of no width is a word of one bit in C++, which is always 0.
    const values = entries.length === 1 ? [entries[0], entries[0]] : entries;
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
