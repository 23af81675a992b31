import { elementCount } from '../../qfx/number/shape.js';
import { isPowerOfTwo } from '../../qfx/operations/leaky-relu.js';
import type { LeakyReluAttributes } from '../../qfx/operations/leaky-relu.js';
import type { Emitter } from './emitter.js';
import { positiveConstant } from './positive-constant.js';

export const leakyRelu: Emitter<LeakyReluAttributes> = {
  name: 'leaky-relu',
  emit({ where, attributes, shape, exactType }) {
    const alpha = positiveConstant(attributes.alpha, `${where}: alpha`);
    const plain = {
      header: 'qfx/leaky_relu.h',
      streams: 'inputs-first',
      types: [{ name: 'exact_t', format: exactType }],
      integers: [{ values: elementCount(shape) }],
      tables: [],
    } as const;
    if (isPowerOfTwo(alpha.raw)) {
      const { wordLength, binaryPoint } = alpha.format;
      const integers = [...plain.integers, { alpha_shift: binaryPoint - (wordLength - 1) }];
      return { ...plain, function: 'qfx::shifting_leaky_relu', integers };
    }
    return {
      ...plain,
      function: 'qfx::leaky_relu',
      types: [...plain.types, { name: 'alpha_t', format: alpha.format }],
      integers: [...plain.integers, { alpha: alpha.raw }],
    };
  },
};
