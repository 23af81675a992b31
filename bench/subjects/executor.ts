import { peerSide } from '../harness/peers.js';
import { qfxSide } from '../harness/qfx.js';
import type { Comparison, Side, Subject } from '../harness/subject.js';
import type { ExecutorOptions } from '../sides/executor.js';

const executing = (options: ExecutorOptions): Side => qfxSide('executor.ts', options);

const macs = (measured: string): Comparison => ({
  subject: `integer executor, ${measured}, a core`,
  against: '1.5 G MAC/s',
  measured,
  reference: 1.5,
  unit: 'G MAC/s',
  direction: 'atLeast',
  reach: 1,
});

const images = (against: string, reference: string | number): Comparison => ({
  subject: 'integer executor, dense 16-64-32-32-5, a core',
  against,
  measured: 'dense',
  reference,
  unit: 'images/s',
  direction: 'atLeast',
  reach: 1,
});

const convolution = '3x3 convolution with 32 channels';
const resnet8 = 'ResNet-8, all of its layers';

/** The integer executor without layers' values, on one thread. */
export const executor: Subject = {
  name: 'executor',
  sides: {
    [convolution]: executing({ network: 'convolution', images: 32 }),
    [resnet8]: executing({ network: 'resnet8', images: 16 }),
    dense: executing({ network: 'dense', images: 20_000 }),
    alkaid: peerSide('jax', 'alkaid_predict.py'),
  },
  comparisons: [
    macs(convolution),
    macs(resnet8),
    images("alkaid's int64 interpreter", 'alkaid'),
    images('206,000 images/s, alkaid elsewhere', 206_000),
  ],
};
