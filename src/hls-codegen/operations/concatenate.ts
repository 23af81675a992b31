import { QfxError } from '../../qfx/errors.js';
import type { ConcatenateAttributes } from '../../qfx/operations/concatenate.js';
import { elementCount } from '../../qfx/number/shape.js';
import type { Emitter } from './emitter.js';

export const concatenate: Emitter<ConcatenateAttributes> = {
  name: 'concatenate',
  emit({ where, inputs, attributes: { axis }, shape, exactType }) {
    const last = shape.length - 1;
    if (axis !== last) {
      throw new QfxError(
        where,
        `concatenates along axis ${axis}; HLS export streams channels last, allowed: axis ${last}`,
      );
    }
    return {
      header: 'qfx/concatenate.h',
      function: 'qfx::concatenate',
      templateArguments: inputs.map((input) => input.shape[last]),
      streams: 'output-first',
      types: [{ name: 'exact_t', format: exactType }],
      integers: [{ positions: elementCount(shape) / shape[last], output_channels: shape[last] }],
      tables: [],
    };
  },
};
