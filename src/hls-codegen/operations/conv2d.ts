import { greatestCommonDivisor } from '../../qfx/hardware/lanes.js';
import type { Conv2dAttributes } from '../../qfx/operations/conv2d.js';
import { areBinary, binarySums, bitsType, signLayout } from './binary-weights.js';
import type { Emitter } from './emitter.js';
import { biasTable, weightLayout } from './weight-layout.js';
import { alignedTable, channelTable, shiftTable } from './weight-table.js';
import { paddingIntegers, pair } from './window.js';

export const conv2d: Emitter<Conv2dAttributes> = {
  name: 'conv2d',
  emit({ where, inputs: [input], attributes, constants, shape, exactType, inputLanes, outputLanes }) {
    const { groups, strides, dilations, padding } = attributes;
    const [kernelHeight, kernelWidth, groupInputs, outputChannels] = constants.weights.shape;
    const weights = channelTable(constants.weights, `${where}: weights`);
    const bias = constants.bias && alignedTable(constants.bias, `${where}: bias`);
    const multiplyLanes = greatestCommonDivisor(inputLanes, groupInputs);
    const kernel = [kernelHeight, kernelWidth, groupInputs, outputChannels] as const;
    const isBinary = groups === 1 && areBinary(input, weights, inputLanes);
    return {
      ...(isBinary ? binarySums : { header: 'qfx/conv2d.h', function: 'qfx::conv2d' }),
      streams: 'inputs-first',
      types: [
        { name: 'weight_t', format: weights.format },
        ...(isBinary ? [bitsType(inputLanes)] : []),
        ...(bias ? [{ name: 'bias_t', format: bias.format }] : []),
        { name: 'exact_t', format: exactType },
      ],
      integers: [
        { input_height: input.shape[0], input_width: input.shape[1], input_channels: input.shape[2] },
        { output_height: shape[0], output_width: shape[1], output_channels: outputChannels },
        pair('kernel', [kernelHeight, kernelWidth]),
        pair('stride', strides),
        pair('dilation', dilations),
        paddingIntegers(padding),
        { groups },
      ],
      tables: [
        (isBinary ? signLayout : weightLayout)(weights, kernel, multiplyLanes, outputLanes),
        biasTable(bias),
        shiftTable('weight_shift', weights),
      ],
    };
  },
};
