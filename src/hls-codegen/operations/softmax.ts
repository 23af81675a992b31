import { elementCount } from '../../qfx/number/shape.js';
import type { Emitter, Table } from './emitter.js';
import type { ConstantTable } from './weight-table.js';
import { alignedTable } from './weight-table.js';

export const softmax: Emitter = {
  name: 'softmax',
  emit({ where, constants, shape, exactType, intermediateTypes: { difference, sum } }) {
    const exponentials = alignedTable(constants.exponentials, `${where}: exponentials`);
    const reciprocals = alignedTable(constants.reciprocals, `${where}: reciprocals`);
    const channels = shape[shape.length - 1];
    return {
      header: 'qfx/softmax.h',
      function: 'qfx::softmax',
      streams: 'inputs-first',
      types: [
        { name: 'difference_t', format: difference },
        { name: 'exponential_t', format: exponentials.format },
        { name: 'sum_t', format: sum },
        { name: 'reciprocal_t', format: reciprocals.format },
        { name: 'exact_t', format: exactType },
      ],
      integers: [{ positions: elementCount(shape) / channels, channels }],
      tables: [
        tableOf('exponentials', 'For each distance from the largest value its exponential', exponentials),
        tableOf('reciprocals', 'The reciprocal for the bits of a sum behind its leading one', reciprocals),
      ],
    };
  },
};

function tableOf(name: 'exponentials' | 'reciprocals', what: string, { entries }: ConstantTable): Table {
  return {
    name,
    comment: `${what}, raw integers.`,
    element: { typeName: name === 'exponentials' ? 'exponential_t' : 'reciprocal_t' },
    dimensions: [entries.length],
    values: entries,
  };
}
