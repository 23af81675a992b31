import type { Table } from './emitter.js';
import { tableComment } from './weight-table.js';
import type { ConstantTable } from './weight-table.js';

/**
 * Weights in the order in which the library reads them (templates/hls/include/qfx/conv2d.h and dense.h): one row a step,
 * in a row all multiplications of the step, `multiplyLanes` inputs by `outputLanes` outputs.
 * @param kernel [height, width, inputs of a group, outputs]
 */
export function weightLayout(
  weights: ConstantTable,
  kernel: readonly [number, number, number, number],
  multiplyLanes: number,
  outputLanes: number,
): Table {
  const [height, width, inputs, outputs] = kernel;
  const lanes = multiplyLanes * outputLanes;
  const values: (number | bigint)[] = [];
  for (let group = 0; group < outputs; group += outputLanes) {
    for (let tap = 0; tap < height * width; tap++) {
      for (let input = 0; input < inputs; input++) {
        const start = (tap * inputs + input) * outputs + group;
        for (let output = 0; output < outputLanes; output++) values.push(weights.entries[start + output]);
      }
    }
  }
  return {
    name: 'weights',
    comment: tableComment(
      'Weights',
      weights,
      `: a row is one step, ${multiplyLanes} x ${outputLanes} (inputs x outputs)`,
    ),
    element: { typeName: 'weight_t' },
    dimensions: [values.length / lanes, lanes],
    values,
  };
}

/** The table of a bias, or null. */
export function biasTable(bias: ConstantTable | undefined): Table | null {
  if (!bias) return null;
  return {
    name: 'bias',
    comment: 'Bias of each output channel, raw integers.',
    element: { typeName: 'bias_t' },
    dimensions: [bias.entries.length],
    values: bias.entries,
  };
}
