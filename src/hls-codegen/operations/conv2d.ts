import { greatestCommonDivisor } from '../../qfx/number/greatest-common-divisor.js';
import type { Conv2dAttributes } from '../../qfx/operations/conv2d.js';
import { adderEmission, adderFunction } from './adder-function.js';
import { bitsType, countedSums, signLayout } from './binary-weights.js';
import type { Emission, Emitter } from './emitter.js';
import { biasTable, weightLayout } from './weight-layout.js';
import { alignedTable, factorTable, factorType, shiftTable } from './weight-table.js';
import { paddingIntegers, pair } from './window.js';

export const conv2d: Emitter<Conv2dAttributes> = {
  name: 'conv2d',
  emit({
    where,
    inputs: [input],
    attributes,
    constants,
    kHot,
    isAdderGraph,
    shape,
    exactType,
    inputLanes,
    outputLanes,
  }) {
    const { groups, strides, dilations, padding } = attributes;
    const [kernelHeight, kernelWidth, groupInputs, outputChannels] = constants.weights.shape;
    const counted = isAdderGraph || groups > 1 ? undefined : countedSums(input, constants.weights, inputLanes);
    const weights = factorTable(constants.weights, counted ? undefined : kHot, `${where}: weights`);
    const bias = constants.bias && alignedTable(constants.bias, `${where}: bias`);
    const multiplyLanes = greatestCommonDivisor(inputLanes, groupInputs);
    const kernel = [kernelHeight, kernelWidth, groupInputs, outputChannels] as const;
    const integers: Emission['integers'] = [
      { input_height: input.shape[0], input_width: input.shape[1], input_channels: input.shape[2] },
      { output_height: shape[0], output_width: shape[1], output_channels: outputChannels },
      pair('kernel', [kernelHeight, kernelWidth]),
      pair('stride', strides),
      pair('dilation', dilations),
      paddingIntegers(padding),
      { groups },
    ];
    if (isAdderGraph) {
      const taps = kernelHeight * kernelWidth;
      const adders = adderFunction(
        weights,
        [taps, groupInputs, outputChannels],
        groups,
        input.type,
        `${where}: weights`,
      );
      return { ...adderEmission('conv2d', adders, bias, exactType), integers };
    }
    return {
      ...(counted ?? { header: 'qfx/conv2d.h', function: 'qfx::conv2d' }),
      streams: 'inputs-first',
      types: [
        factorType('weight_t', weights),
        ...(counted ? [bitsType(inputLanes)] : []),
        ...(bias ? [{ name: 'bias_t', format: bias.format }] : []),
        { name: 'exact_t', format: exactType },
      ],
      integers,
      tables: [
        (counted ? signLayout : weightLayout)(weights, kernel, multiplyLanes, outputLanes),
        biasTable(bias),
        shiftTable('weight_shift', weights),
      ],
    };
  },
};
