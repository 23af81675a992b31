import type { AveragePooling2dAttributes } from '../../qfx/operations/average-pooling2d.js';
import type { Emitter } from './emitter.js';
import { poolingIntegers } from './pooling.js';
import { reciprocalTable } from './reciprocals.js';
import { factorTable, factorType } from './weight-table.js';

export const averagePooling2d: Emitter<AveragePooling2dAttributes> = {
  name: 'average-pooling2d',
  emit(context) {
    const { where, attributes, constants, kHot, intermediateTypes, exactType } = context;
    const reciprocals = factorTable(constants.reciprocals, kHot, `${where}: reciprocals`);
    return {
      header: 'qfx/average_pooling2d.h',
      function: 'qfx::average_pooling2d',
      streams: 'inputs-first',
      types: [
        { name: 'sum_t', format: intermediateTypes.sum },
        factorType('reciprocal_t', reciprocals),
        { name: 'exact_t', format: exactType },
      ],
      integers: poolingIntegers(context),
      tables: [
        {
          name: 'counts',
          comment: 'Numbers of values on the image that a window of this layer can have.',
          element: { cpp: 'int' },
          dimensions: [attributes.counts.length],
          values: attributes.counts,
        },
        reciprocalTable(reciprocals),
      ],
    };
  },
};
