import type { PoolingAttributes } from '../../qfx/operations/pooling.js';
import type { Emitter } from './emitter.js';
import { poolingIntegers } from './pooling.js';

export const maxPooling2d: Emitter<PoolingAttributes> = {
  name: 'max-pooling2d',
  emit(context) {
    return {
      header: 'qfx/max_pooling2d.h',
      function: 'qfx::max_pooling2d',
      streams: 'inputs-first',
      types: [],
      integers: poolingIntegers(context),
      tables: [],
    };
  },
};
