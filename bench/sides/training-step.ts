import { initializeBackend, tf, train, withoutQuantizers } from 'qfx/autograd';
import { findInstallation } from '../../src/autograd/native/installation.js';
import { requirePortableKernels, usePortableKernels } from '../baseline/portable-kernels.js';
import { missing, steppingTurns } from '../harness/turns.js';
import { buildNetwork, noise } from '../networks.js';
import type { NetworkName } from '../networks.js';

/** What a process of this program trains, and how. */
export interface TrainingStepOptions {
  readonly network: NetworkName;
  readonly batchSize: number;
  readonly stepsPerRound: number;
  readonly backend: 'wasm' | 'node';
  /** `float`: the same network with its quantizers switched off. */
  readonly numbers: 'quantized' | 'float';
  readonly kernels?: 'portable';
  /** Parts of a batch; default: one. */
  readonly shards?: number;
  readonly workers?: number;
}

const options = JSON.parse(process.argv[2]) as TrainingStepOptions;
const { network, batchSize, stepsPerRound, backend, numbers, kernels, shards = 1, workers } = options;
const warmUp = 4;

if (backend === 'node' && findInstallation() === undefined)
  missing('the native backend is not set up: qfx setup tfjs-node');
await initializeBackend(backend);
if (kernels === 'portable') usePortableKernels(tf);
const turns = steppingTurns(warmUp, stepsPerRound);
let step = 0;
const run = async () =>
  train({
    model: await buildNetwork(network),
    // Long enough that the rounds are over before the first epoch ends.
    data: noise(network, batchSize * (warmUp + 24 * stepsPerRound), 1),
    batchSize,
    epochs: 1000,
    learningRate: { schedule: 'constant', rate: 1e-3 },
    shards,
    workers,
    freezing: { binaryPoints: 1, statistics: 1 },
    onProgress: ({ phase, step: done }) => {
      if (phase !== 'training' || done === step) return;
      step = done;
      if (step === 2 && kernels === 'portable') requirePortableKernels();
      turns.tick();
    },
  });
await (numbers === 'float' ? withoutQuantizers(run) : run());
