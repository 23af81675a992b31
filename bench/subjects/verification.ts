import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadData } from 'qfx/data';
import { commandSide } from '../harness/command.js';
import { NotRun } from '../harness/subject.js';
import type { Comparison, Subject } from '../harness/subject.js';
import { resnet8Graph } from '../resnet8-graph.js';

const images = 10_000;

const compare = (reference: number, unit: string): Comparison => ({
  subject: 'ResNet-8 on all 10,000 CIFAR-10 test images, executor and C simulation compared on all outputs',
  against: `${reference} ${unit}`,
  measured: 'csim',
  reference,
  unit,
  direction: 'atMost',
  reach: 1,
});

/** `qfx csim` on a whole test set, compiling included. */
export const verification: Subject = {
  name: 'verification',
  sides: {
    csim: commandSide(
      async ({ folder, qfx }) => {
        const project = join(folder, 'hls');
        await qfx('export-hls', fileURLToPath(resnet8Graph), '--out', project);
        const options = ['--data-set', 'cifar10', '--layers-for', '1', '--json'];
        const { seconds, peakBytes, stdout } = await qfx('csim', project, ...options);
        const found = JSON.parse(stdout) as { images: number; mismatches: number };
        if (found.images !== images || found.mismatches !== 0) throw new Error(`qfx csim found ${stdout}`);
        return { s: seconds, GB: peakBytes / 2 ** 30 };
      },
      async () => {
        await loadData('cifar10', { download: false }).catch((error: Error) => {
          throw new NotRun(error.message);
        });
      },
    ),
  },
  comparisons: [compare(180, 's'), compare(1, 'GB')],
  isLong: true,
};
