import type { Emitter } from './emitter.js';
import { globalPoolingIntegers } from './pooling.js';
import { reciprocalTable } from './reciprocals.js';
import { factorTable, factorType } from './weight-table.js';

export const globalAveragePooling2d: Emitter = {
  name: 'global-average-pooling2d',
  emit(context) {
    const { where, constants, kHot, intermediateTypes, exactType } = context;
    const reciprocals = factorTable(constants.reciprocals, kHot, `${where}: reciprocals`);
    return {
      header: 'qfx/global_average_pooling2d.h',
      function: 'qfx::global_average_pooling2d',
      streams: 'inputs-first',
      types: [
        { name: 'sum_t', format: intermediateTypes.sum },
        factorType('reciprocal_t', reciprocals),
        { name: 'exact_t', format: exactType },
      ],
      integers: globalPoolingIntegers(context),
      tables: [reciprocalTable(reciprocals)],
    };
  },
};
