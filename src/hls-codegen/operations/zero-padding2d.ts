import type { ZeroPadding2dAttributes } from '../../qfx/operations/zero-padding2d.js';
import type { Emitter } from './emitter.js';
import { paddingIntegers } from './window.js';

export const zeroPadding2d: Emitter<ZeroPadding2dAttributes> = {
  name: 'zero-padding2d',
  emit({ inputs: [input], attributes: { padding } }) {
    const [height, width, channels] = input.shape;
    return {
      header: 'qfx/zero_padding2d.h',
      function: 'qfx::zero_padding2d',
      streams: 'inputs-first',
      types: [],
      integers: [{ input_height: height, input_width: width, channels }, paddingIntegers(padding)],
      tables: [],
    };
  },
};
