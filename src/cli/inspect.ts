import { summarizeGraph } from '../qfx/index.js';
import type { GraphSummary } from '../qfx/index.js';
import type { Command } from './command.js';
import { openGraph } from './graph-file.js';
import { count } from './format.js';
import { describePruned, prunedChannels } from './pruned-channels.js';
import { shortFormat, shortType, typeLegend } from './short-type.js';
import { formatTable } from './table.js';
import { visible } from './visible.js';

/** `qfx inspect`: layers, types, multiplications, shift-adds, parameters, bits, provenance. */
export const inspect: Command<{ graph: string }> = {
  command: 'inspect <graph>',
  describe: 'Show the layers, types, multiplications, parameters and provenance of a graph',
  examples: [['$0 inspect model.safetensors', 'A table for people, --json for scripts']],
  options: (yargs) =>
    yargs.positional('graph', { type: 'string', demandOption: true, describe: 'A frozen graph (.safetensors)' }),
  async run({ graph: fileName }) {
    const { graph } = await openGraph(fileName);
    const summary = summarizeGraph(graph);
    const table = formatTable(
      [
        'layer',
        'operation',
        'shape',
        'exact type',
        'output type',
        'MACs',
        'shift-adds',
        'bit ops',
        'parameters',
        'bits',
      ],
      summary.layers.map((layer) => [
        layer.name,
        layer.operation,
        layer.shape.join('x'),
        shortFormat(layer.exactType),
        shortType(layer.outputType),
        layer.multiplications,
        layer.shiftAdds,
        layer.bitOperations,
        layer.parameters,
        layer.parameterBits,
      ]),
    );
    return {
      document: {
        name: graph.name,
        outputs: graph.outputs,
        layers: summary.layers,
        multiplications: summary.multiplications,
        shiftAdds: summary.shiftAdds,
        adders: summary.adders,
        bitOperations: summary.bitOperations,
        parameters: summary.parameters,
        parameterBits: summary.parameterBits,
        prunedChannels: prunedChannels(graph),
        provenance: graph.provenance,
      },
      text: [
        `${visible(graph.name)}: ${describeProducts(summary)} an image, ${count(summary.bitOperations)} bit operations, ${count(summary.parameters)} parameters in ${count(summary.parameterBits)} bits`,
        '',
        table,
        '',
        typeLegend,
        `outputs: ${graph.outputs.map(visible).join(', ')}`,
        ...describePruned(graph),
        // The indices of pruned channels are for scripts.
        `provenance: ${JSON.stringify({ ...graph.provenance, pruned: undefined }, undefined, 2)}`,
      ].join('\n'),
    };
  },
};

function describeProducts({ multiplications, shiftAdds }: GraphSummary): string {
  const shifts = shiftAdds > 0 ? ` and ${count(shiftAdds)} shift-adds` : '';
  return `${count(multiplications)} multiplications${shifts}`;
}
