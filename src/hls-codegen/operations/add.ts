import { elementCount } from '../../qfx/number/shape.js';
import type { Emitter } from './emitter.js';

export const add: Emitter = {
  name: 'add',
  emit({ shape, exactType }) {
    return {
      header: 'qfx/add.h',
      function: 'qfx::add',
      streams: 'output-first',
      types: [{ name: 'exact_t', format: exactType }],
      integers: [{ values: elementCount(shape) }],
      tables: [],
    };
  },
};
