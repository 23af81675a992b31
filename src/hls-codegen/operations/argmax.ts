import { elementCount } from '../../qfx/number/shape.js';
import type { Emitter } from './emitter.js';

export const argmax: Emitter = {
  name: 'argmax',
  emit({ inputs: [{ shape }], exactType }) {
    const channels = shape[shape.length - 1];
    return {
      header: 'qfx/argmax.h',
      function: 'qfx::argmax',
      streams: 'inputs-first',
      types: [{ name: 'exact_t', format: exactType }],
      integers: [{ positions: elementCount(shape) / channels, channels }],
      tables: [],
    };
  },
};
