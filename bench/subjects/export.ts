import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandSide } from '../harness/command.js';
import type { Comparison, Subject } from '../harness/subject.js';
import { resnet8Graph } from '../resnet8-graph.js';

const graph = fileURLToPath(resnet8Graph);

const compare = (reference: number, unit: string): Comparison => ({
  subject: 'export of ResNet-8',
  against: `${reference} ${unit}`,
  measured: 'export',
  reference,
  unit,
  direction: 'atMost',
  reach: 1,
});

/** `qfx export-hls`, from the graph's file to the project with its test vectors. */
export const exporting: Subject = {
  name: 'export',
  sides: {
    export: commandSide(async ({ folder, qfx }) => {
      const { seconds, peakBytes } = await qfx('export-hls', graph, '--out', join(folder, 'hls'));
      return { s: seconds, MB: peakBytes / 2 ** 20 };
    }),
  },
  comparisons: [compare(2, 's'), compare(300, 'MB')],
};
