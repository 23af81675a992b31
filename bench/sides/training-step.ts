import { createLayers, initializeBackend, tf, train, withoutQuantizers } from 'qfx/autograd';
import type { DataSet } from 'qfx/data';
import { QfxError } from 'qfx';
import { requirePortableKernels, usePortableKernels } from '../baseline/portable-kernels.js';
import { missing, steppingTurns } from '../harness/turns.js';
import { networks } from '../networks.js';

/** What a process of this program trains, and how. */
export interface TrainingStepOptions {
  readonly network: keyof typeof networks;
  readonly batchSize: number;
  readonly stepsPerRound: number;
  readonly backend: 'wasm' | 'node';
  /** `float`: the same network with its quantizers switched off. */
  readonly numbers: 'quantized' | 'float';
  readonly kernels?: 'portable';
  readonly shards?: number;
  readonly workers?: number;
}

const options = JSON.parse(process.argv[2]) as TrainingStepOptions;
const { network, batchSize, stepsPerRound, backend, numbers, kernels, shards, workers } = options;
const { shape, classes, model: build } = networks[network];

/** Bytes that repeat; steps take the same time whatever the images show. */
function images(count: number) {
  const bytes = new Uint8Array(count * shape[0] * shape[1] * shape[2]);
  let state = 1;
  for (let index = 0; index < bytes.length; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return { images: bytes, labels: Uint8Array.from({ length: count }, (_, index) => index % classes) };
}

const data: DataSet = {
  name: 'noise',
  classes: Array.from({ length: classes }, (_, index) => String(index)),
  shape,
  // Long enough that no epoch ends while steps are measured.
  train: images(batchSize * 64),
  test: images(1),
  checksum: '',
};

try {
  await initializeBackend(backend as Parameters<typeof initializeBackend>[0]);
  if (kernels === 'portable') usePortableKernels(tf);
  const model = build({ tf, layers: (defaults) => createLayers({ ...defaults, seed: 1 }), shape, classes, seed: 1 });
  const turns = steppingTurns(4, stepsPerRound);
  let step = 0;
  const run = () =>
    train({
      ...{ model, data, batchSize, epochs: 1000, learningRate: { schedule: 'constant', rate: 1e-3 } },
      ...(shards !== undefined && { shards }),
      ...(workers !== undefined && ({ workers } as object)),
      freezing: { binaryPoints: 1, statistics: 1 },
      onProgress: ({ phase, step: done }) => {
        if (phase !== 'training' || done === step) return;
        step = done;
        if (step === 2 && kernels === 'portable') requirePortableKernels();
        turns.tick();
      },
    });
  await (numbers === 'float' ? withoutQuantizers(run) : run());
} catch (error) {
  if (error instanceof QfxError) missing(error.message);
  throw error;
}
