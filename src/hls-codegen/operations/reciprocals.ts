import type { Table } from './emitter.js';
import { tableComment } from './weight-table.js';
import type { ConstantTable } from './weight-table.js';

/** The constants that an average multiplies its sums with. */
export function reciprocalTable(reciprocals: ConstantTable): Table {
  return {
    name: 'reciprocals',
    comment: tableComment('What an exact sum is multiplied with, one constant for each count', reciprocals),
    element: { typeName: 'reciprocal_t' },
    dimensions: [reciprocals.entries.length],
    values: reciprocals.entries,
  };
}
