import { elementCount } from '../../qfx/number/shape.js';
import type { Emitter } from './emitter.js';

/** An operation on two or more tensors of one shape, which the C++ reads side by side. */
export function elementWise(name: string): Emitter {
  return {
    name,
    emit({ shape, exactType, intermediateTypes }) {
      const types = Object.entries(intermediateTypes).map(([role, format]) => ({ name: `${role}_t`, format }));
      return {
        header: `qfx/${name}.h`,
        function: `qfx::${name}`,
        streams: 'output-first',
        types: [...types, { name: 'exact_t', format: exactType }],
        integers: [{ values: elementCount(shape) }],
        tables: [],
      };
    },
  };
}
