import { gatherTaps, joinTaps, phaseTaps } from '../../qfx/operations/conv2d-transpose.js';
import type { Conv2dTransposeAttributes } from '../../qfx/operations/conv2d-transpose.js';
import type { IntegerTensor } from '../../qfx/number/raw-array.js';
import type { Emitter, Table } from './emitter.js';
import { biasTable, weightLayout } from './weight-layout.js';
import { alignedTable, factorTable, factorType, shiftTable } from './weight-table.js';
import type { ConstantTable } from './weight-table.js';
import { pair } from './window.js';

export const conv2dTranspose: Emitter<Conv2dTransposeAttributes> = {
  name: 'conv2d-transpose',
  emit({ where, inputs: [input], attributes, constants, kHot, shape, exactType, inputLanes, outputLanes }) {
    const { strides, cropping } = attributes;
    const [kernelHeight, kernelWidth, inputChannels, outputChannels] = constants.weights.shape;
    const { tensor, window } = weightsByPhase(constants.weights, strides);
    const weights = factorTable(tensor, kHot, `${where}: weights`);
    const bias = constants.bias && alignedTable(constants.bias, `${where}: bias`);
    const kernel = [...window, inputChannels, outputChannels] as const;
    return {
      header: 'qfx/conv2d_transpose.h',
      function: 'qfx::conv2d_transpose',
      streams: 'inputs-first',
      types: [
        factorType('weight_t', weights),
        ...(bias ? [{ name: 'bias_t', format: bias.format }] : []),
        { name: 'exact_t', format: exactType },
      ],
      integers: [
        { input_height: input.shape[0], input_width: input.shape[1], input_channels: input.shape[2] },
        { output_height: shape[0], output_width: shape[1], output_channels: outputChannels },
        pair('kernel', [kernelHeight, kernelWidth]),
        pair('stride', strides),
        { cropped_rows: cropping[0], cropped_columns: cropping[1] },
      ],
      tables: [
        phaseByPhase(weights, strides[0] * strides[1], (own) => weightLayout(own, kernel, inputLanes, outputLanes)),
        biasTable(bias),
        shiftTable('weight_shift', weights),
      ],
    };
  },
};

/** The weights of all phases one after the other, each with as many taps as the largest; what a phase lacks is 0. */
function weightsByPhase(weights: IntegerTensor, strides: readonly [number, number]) {
  const along = (axis: 0 | 1) => {
    const reach = Math.ceil(weights.shape[axis] / strides[axis]);
    return Array.from({ length: strides[axis] }, (_, phase) =>
      phaseTaps(phase, strides[axis], weights.shape[axis], reach),
    );
  };
  const [rows, columns] = [along(0), along(1)];
  const taps = rows.flatMap((row) => columns.flatMap((column) => joinTaps(row, column, weights.shape[1])));
  const window = [rows[0].length, columns[0].length] as const;
  return { tensor: gatherTaps(weights, [rows.length * columns.length * window[0], window[1]], taps), window };
}

/** The tables of all phases, one below the other. */
function phaseByPhase(weights: ConstantTable, phases: number, layOut: (phase: ConstantTable) => Table): Table {
  const count = weights.entries.length / phases;
  const tables = Array.from({ length: phases }, (_, phase) => {
    const entries = Array.from({ length: count }, (_, index) => weights.entries[phase * count + index]);
    return layOut({ ...weights, entries });
  });
  const [{ dimensions }] = tables;
  return {
    ...tables[0],
    dimensions: [dimensions[0] * phases, dimensions[1]],
    values: tables.flatMap(({ values }) => Array.from(values)),
  };
}
