import { exportHls as exportProject } from '../hls-codegen/index.js';
import { pasteable, wholeNumberOption } from './command.js';
import type { Command } from './command.js';
import { readGraphFile } from './graph-file.js';

interface Options {
  graph: string;
  out: string;
  board?: string;
  plan?: string;
  vectors: number;
}

/** `qfx export-hls`: a graph becomes a Vitis HLS project. */
export const exportHls: Command<Options> = {
  command: 'export-hls <graph>',
  describe: 'Write a Vitis HLS project that computes exactly what the graph says',
  examples: [
    ['$0 export-hls model.safetensors --out hls', 'For the Ultra96-V2'],
    [
      '$0 export-hls model.safetensors --out hls --board boards/mine',
      "For a board of one's own (a folder with board.json)",
    ],
  ],
  options: (yargs) =>
    yargs
      .positional('graph', { type: 'string', demandOption: true, describe: 'A frozen graph (.safetensors)' })
      .option('out', { type: 'string', demandOption: true, requiresArg: true, describe: 'Folder of the project' })
      .option('board', {
        type: 'string',
        requiresArg: true,
        describe: "A board, or a folder with board.json (default: the plan's, or ultra96)",
      })
      .option('plan', { type: 'string', requiresArg: true, describe: 'A hardware plan (hardware.json) to build from' })
      .option('vectors', { ...wholeNumberOption('vectors', 'Stored test vectors'), default: 16 }),
  async run({ graph, out, board, plan, vectors }, { signal }) {
    const bytes = await readGraphFile(graph);
    signal.throwIfAborted();
    const project = await exportProject(bytes, { out, board, plan, vectors, source: graph });
    return {
      document: project,
      text: `wrote ${out} (top function ${project.top}, ${project.files} files)\nNext: ${pasteable('csim', out)}`,
    };
  },
};
