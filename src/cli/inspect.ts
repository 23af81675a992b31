import { readFile } from 'node:fs/promises';
import { describeFormat, describeType, isUniform, loadGraph, spreadValues, summarizeGraph } from '../qfx/index.js';
import type { TensorType } from '../qfx/index.js';
import type { Command } from './command.js';
import { formatTable } from './table.js';

/** `qfx inspect`: layers, types, multiplications, parameters, bits, provenance. */
export const inspect: Command<{ graph: string }> = {
  command: 'inspect <graph>',
  describe: 'Show the layers, types, multiplications, parameters and provenance of a graph',
  examples: [['$0 inspect model.safetensors', 'A table for people, --json for scripts']],
  options: (yargs) =>
    yargs.positional('graph', { type: 'string', demandOption: true, describe: 'A frozen graph (.safetensors)' }),
  async run({ graph: fileName }) {
    const { graph } = loadGraph(await readFile(fileName), { fileName });
    const summary = summarizeGraph(graph);
    const table = formatTable(
      ['layer', 'operation', 'shape', 'exact type', 'output type', 'multiplications', 'parameters', 'bits'],
      summary.layers.map((layer) => [
        layer.name,
        layer.operation,
        layer.shape.join('x'),
        describeFormat(layer.exactType),
        describeTensorType(layer.outputType),
        layer.multiplications,
        layer.parameters,
        layer.parameterBits,
      ]),
    );
    const count = (value: number) => value.toLocaleString('en-US');
    return {
      document: {
        name: graph.name,
        outputs: graph.outputs,
        layers: summary.layers,
        multiplications: summary.multiplications,
        parameters: summary.parameters,
        parameterBits: summary.parameterBits,
        provenance: graph.provenance,
      },
      text: [
        `${graph.name}: ${count(summary.multiplications)} multiplications an image, ${count(summary.parameters)} parameters in ${count(summary.parameterBits)} bits`,
        '',
        table,
        '',
        `outputs: ${graph.outputs.join(', ')}`,
        `provenance: ${JSON.stringify(graph.provenance, undefined, 2)}`,
      ].join('\n'),
    };
  },
};

function describeTensorType(type: TensorType): string {
  if (isUniform(type)) return describeType({ ...type });
  const range = (values: readonly number[]) => `${Math.min(...values)}..${Math.max(...values)}`;
  const words = range(spreadValues(type.wordLength));
  const points = range(spreadValues(type.binaryPoint));
  return `${type.signed ? 'signed' : 'unsigned'}, ${words} bits, binary point ${points}, ${type.rounding}, ${type.overflow}`;
}
