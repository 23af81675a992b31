import { elementCount } from '../../qfx/number/shape.js';
import type { Emission, Emitter } from './emitter.js';
import { alignedTable, channelTable, shiftTable } from './weight-table.js';
import { biasTable, weightLayout } from './weight-layout.js';

export const dense: Emitter = {
  name: 'dense',
  emit({ where, constants, shape, exactType, inputLanes, outputLanes }): Emission {
    const [inputChannels, outputChannels] = constants.weights.shape;
    const weights = channelTable(constants.weights, `${where}: weights`);
    const bias = constants.bias && alignedTable(constants.bias, `${where}: bias`);
    const kernel = [1, 1, inputChannels, outputChannels] as const;
    return {
      header: 'qfx/dense.h',
      function: 'qfx::dense',
      streams: 'inputs-first',
      types: [
        { name: 'weight_t', format: weights.format },
        ...(bias ? [{ name: 'bias_t', format: bias.format }] : []),
        { name: 'exact_t', format: exactType },
      ],
      integers: [
        { positions: elementCount(shape) / outputChannels },
        { input_channels: inputChannels, output_channels: outputChannels },
      ],
      tables: [
        weightLayout(weights, kernel, inputLanes, outputLanes),
        biasTable(bias),
        shiftTable('weight_shift', weights),
      ],
    };
  },
};
