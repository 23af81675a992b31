import { elementCount } from '../../qfx/number/shape.js';
import type { Emitter } from './emitter.js';

/** An operation that gives its input's values on in their order: only the type and the lanes may change. */
export function passThrough<Attributes>(name: string): Emitter<Attributes> {
  return {
    name,
    emit({ shape }) {
      return {
        header: `qfx/${name}.h`,
        function: `qfx::${name}`,
        streams: 'inputs-first',
        types: [],
        integers: [{ values: elementCount(shape) }],
        tables: [],
      };
    },
  };
}
