import type { UpSampling2dAttributes } from '../../qfx/operations/up-sampling2d.js';
import type { Emitter } from './emitter.js';
import { pair } from './window.js';

export const upSampling2d: Emitter<UpSampling2dAttributes> = {
  name: 'up-sampling2d',
  emit({ inputs: [input], attributes: { size } }) {
    const [height, width, channels] = input.shape;
    return {
      header: 'qfx/up_sampling2d.h',
      function: 'qfx::up_sampling2d',
      streams: 'inputs-first',
      types: [],
      integers: [{ input_height: height, input_width: width, channels }, pair('size', size)],
      tables: [],
    };
  },
};
