import type { Emitter } from './emitter.js';
import { globalPoolingIntegers } from './pooling.js';

export const globalMaxPooling2d: Emitter = {
  name: 'global-max-pooling2d',
  emit(context) {
    return {
      header: 'qfx/global_max_pooling2d.h',
      function: 'qfx::global_max_pooling2d',
      streams: 'inputs-first',
      types: [],
      integers: globalPoolingIntegers(context),
      tables: [],
    };
  },
};
