import { elementCount } from '../../qfx/number/shape.js';
import { adderEmission, adderFunction } from './adder-function.js';
import type { Emission, Emitter } from './emitter.js';
import { alignedTable, factorTable, factorType, shiftTable } from './weight-table.js';
import { biasTable, weightLayout } from './weight-layout.js';

export const dense: Emitter = {
  name: 'dense',
  emit({ where, inputs: [input], constants, shape, kHot, isAdderGraph, exactType, inputLanes, outputLanes }): Emission {
    const [inputChannels, outputChannels] = constants.weights.shape;
    const weights = factorTable(constants.weights, kHot, `${where}: weights`);
    const bias = constants.bias && alignedTable(constants.bias, `${where}: bias`);
    const kernel = [1, 1, inputChannels, outputChannels] as const;
    const integers: Emission['integers'] = [
      { positions: elementCount(shape) / outputChannels },
      { input_channels: inputChannels, output_channels: outputChannels },
    ];
    if (isAdderGraph) {
      const adders = adderFunction(weights, [1, inputChannels, outputChannels], 1, input.type, `${where}: weights`);
      return { ...adderEmission('dense', adders, bias, exactType), integers };
    }
    return {
      header: 'qfx/dense.h',
      function: 'qfx::dense',
      streams: 'inputs-first',
      types: [
        factorType('weight_t', weights),
        ...(bias ? [{ name: 'bias_t', format: bias.format }] : []),
        { name: 'exact_t', format: exactType },
      ],
      integers,
      tables: [
        weightLayout(weights, kernel, inputLanes, outputLanes),
        biasTable(bias),
        shiftTable('weight_shift', weights),
      ],
    };
  },
};
