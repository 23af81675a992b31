import { elementCount } from '../../qfx/number/shape.js';
import { adderEmission, adderFunction } from './adder-function.js';
import { bitsType, countedSums, signLayout } from './binary-weights.js';
import type { Emission, Emitter } from './emitter.js';
import { alignedTable, factorTable, factorType, shiftTable } from './weight-table.js';
import { biasTable, weightLayout } from './weight-layout.js';
import { paddingIntegers, pair } from './window.js';

export const dense: Emitter = {
  name: 'dense',
  emit({ where, inputs: [input], constants, shape, kHot, isAdderGraph, exactType, inputLanes, outputLanes }): Emission {
    const [inputChannels, outputChannels] = constants.weights.shape;
    const counted = isAdderGraph ? undefined : countedSums(input, constants.weights, inputLanes);
    const weights = factorTable(constants.weights, counted ? undefined : kHot, `${where}: weights`);
    const bias = constants.bias && alignedTable(constants.bias, `${where}: bias`);
    const kernel = [1, 1, inputChannels, outputChannels] as const;
    const positions = elementCount(shape) / outputChannels;
    const channels = { input_channels: inputChannels, output_channels: outputChannels };
    const integers: Emission['integers'] = [{ positions }, channels];
    if (isAdderGraph) {
      const adders = adderFunction(weights, [1, inputChannels, outputChannels], 1, input.type, `${where}: weights`);
      return { ...adderEmission('dense', adders, bias, exactType), integers };
    }
    return {
      ...(counted ?? { header: 'qfx/dense.h', function: 'qfx::dense' }),
      streams: 'inputs-first',
      types: [
        factorType('weight_t', weights),
        ...(counted ? [bitsType(inputLanes)] : []),
        ...(bias ? [{ name: 'bias_t', format: bias.format }] : []),
        { name: 'exact_t', format: exactType },
      ],
      integers: counted ? oneRow(positions, channels) : integers,
      tables: [
        (counted ? signLayout : weightLayout)(weights, kernel, inputLanes, outputLanes),
        biasTable(bias),
        shiftTable('weight_shift', weights),
      ],
    };
  },
};

/** The integers of a convolution on an image of one row, of so many pixels. */
function oneRow(positions: number, channels: Record<string, number>): Record<string, number>[] {
  return [
    { input_height: 1, input_width: positions, output_height: 1, output_width: positions },
    channels,
    ...['kernel', 'stride', 'dilation'].map((name) => pair(name, [1, 1])),
    paddingIntegers([0, 0, 0, 0]),
    { groups: 1 },
  ];
}
