import { areBinary, binarySums, bitsType, signLayout } from './binary-weights.js';
import type { Emission, Emitter } from './emitter.js';
import { alignedTable, channelTable, shiftTable } from './weight-table.js';
import { biasTable, weightLayout } from './weight-layout.js';
import { paddingIntegers, pair } from './window.js';

export const dense: Emitter = {
  name: 'dense',
  emit({ where, inputs: [input], constants, exactType, inputLanes, outputLanes }): Emission {
    const [inputChannels, outputChannels] = constants.weights.shape;
    const weights = channelTable(constants.weights, `${where}: weights`);
    const bias = constants.bias && alignedTable(constants.bias, `${where}: bias`);
    const kernel = [1, 1, inputChannels, outputChannels] as const;
    const isBinary = areBinary(input, weights, inputLanes);
    const channels = { input_channels: inputChannels, output_channels: outputChannels };
    return {
      ...(isBinary ? binarySums : { header: 'qfx/dense.h', function: 'qfx::dense' }),
      streams: 'inputs-first',
      types: [
        { name: 'weight_t', format: weights.format },
        ...(isBinary ? [bitsType(inputLanes)] : []),
        ...(bias ? [{ name: 'bias_t', format: bias.format }] : []),
        { name: 'exact_t', format: exactType },
      ],
      integers: isBinary ? onePixel(channels) : [{ positions: 1 }, channels],
      tables: [
        (isBinary ? signLayout : weightLayout)(weights, kernel, inputLanes, outputLanes),
        biasTable(bias),
        shiftTable('weight_shift', weights),
      ],
    };
  },
};

/** The integers of a convolution on an image of one pixel. */
function onePixel(channels: Record<string, number>): Record<string, number>[] {
  return [
    { input_height: 1, input_width: 1, output_height: 1, output_width: 1 },
    channels,
    ...['kernel', 'stride', 'dilation'].map((name) => pair(name, [1, 1])),
    paddingIntegers([0, 0, 0, 0]),
    { groups: 1 },
  ];
}
