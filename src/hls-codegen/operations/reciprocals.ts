import type { Table } from './emitter.js';
import type { ConstantTable } from './weight-table.js';

/** The constants that an average multiplies its sums with. */
export function reciprocalTable({ raw }: ConstantTable): Table {
  return {
    name: 'reciprocals',
    comment: 'What an exact sum is multiplied with, one constant for each count, raw integers.',
    element: { typeName: 'reciprocal_t' },
    dimensions: [raw.length],
    values: raw,
  };
}
