import { peerSide } from '../harness/peers.js';
import { qfxSide } from '../harness/qfx.js';
import type { Comparison, Subject } from '../harness/subject.js';
import type { TrainingStepOptions } from '../sides/training-step.js';

const options: TrainingStepOptions = {
  network: 'dense',
  batchSize: 1024,
  stepsPerRound: 50,
  backend: 'wasm',
  numbers: 'quantized',
};

const compare = (against: string, reference: string): Comparison => ({
  subject: 'dense 16-64-32-32-5 QAT step, batch 1,024, wasm',
  against,
  measured: 'wasm',
  reference,
  unit: 'ms',
  direction: 'atMost',
  reach: 2,
});

/** A training step of a small dense network, where what surrounds the arithmetic counts. */
export const denseTraining: Subject = {
  name: 'dense-training',
  sides: {
    wasm: qfxSide('training-step.ts', options),
    'HGQ2 fit': peerSide('jax', 'hgq2_step.py', ['fit']),
    'HGQ2 step': peerSide('jax', 'hgq2_step.py', ['step']),
  },
  comparisons: [
    compare('HGQ2 0.2 on JAX, a step of model.fit', 'HGQ2 fit'),
    compare('HGQ2 0.2 on JAX, its compiled step alone', 'HGQ2 step'),
  ],
};
