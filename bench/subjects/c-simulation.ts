import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { peerSide } from '../harness/peers.js';
import { qfxSide } from '../harness/qfx.js';
import { NotRun } from '../harness/subject.js';
import type { Comparison, Side, Subject } from '../harness/subject.js';
import type { CSimulationOptions } from '../sides/c-simulation.js';

const simulation = (options: Partial<CSimulationOptions>): Side =>
  qfxSide('c-simulation.ts', { network: 'cnn', images: 512, ...options });

/** The same project with AMD's headers, which are so slow that few images have to do. */
const withAmdHeaders: Side = {
  open(signal) {
    const setup = 'test/support/setup-oracles.mjs';
    const headers = fileURLToPath(new URL('../../out/oracles/ap_types', import.meta.url));
    if (!existsSync(join(headers, 'ap_fixed.h'))) throw new NotRun(`AMD's headers are missing: run node ${setup}`);
    return simulation({ headers, images: 16 }).open(signal);
  },
};

function compare(measured: string, against: string, reference: string, reach: number): Comparison {
  return {
    subject: `C simulation of a 32x32 CNN, ${measured}, a core`,
    against,
    measured,
    reference,
    unit: 'images/s',
    direction: 'atLeast',
    reach,
  };
}

/** The simulation of an exported network with 4.6 M multiplications an image, without compiling and without the executor. */
export const cSimulation: Subject = {
  name: 'c-simulation',
  sides: {
    'native compiler': simulation({}),
    'npm compiler': simulation({ compiler: 'npm' }),
    'AMD headers': withAmdHeaders,
    hls4ml: peerSide('jax', 'hls4ml_predict.py'),
  },
  comparisons: [
    compare('native compiler', 'hls4ml 1.3, predict of the same network', 'hls4ml', 60),
    compare('native compiler', "the same sources with AMD's headers, same flags", 'AMD headers', 20),
    compare('npm compiler', 'native compiler, -O3', 'native compiler', 0.5),
  ],
};
