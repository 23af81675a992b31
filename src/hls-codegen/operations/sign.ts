import { elementCount } from '../../qfx/number/shape.js';
import type { Emitter } from './emitter.js';

export const sign: Emitter = {
  name: 'sign',
  emit({ shape, exactType }) {
    return {
      header: 'qfx/sign.h',
      function: 'qfx::sign',
      streams: 'inputs-first',
      types: [{ name: 'exact_t', format: exactType }],
      integers: [{ values: elementCount(shape) }],
      tables: [],
    };
  },
};
