import { peerSide } from '../harness/peers.js';
import { qfxSide } from '../harness/qfx.js';
import type { Comparison, Subject } from '../harness/subject.js';
import type { TrainingStepOptions } from '../sides/training-step.js';

const qfx = (options: Partial<TrainingStepOptions>) =>
  qfxSide('training-step.ts', {
    network: 'resnet8',
    batchSize: 64,
    stepsPerRound: 3,
    backend: 'wasm',
    numbers: 'quantized',
    ...options,
  });

function compare(backend: 'wasm' | 'node', against: string, reference: string, reach: number): Comparison {
  return {
    subject: `ResNet-8 QAT step, batch 64, ${backend}, one thread`,
    against,
    measured: backend,
    reference,
    // The time that the process computes: what one thread needs, whatever else runs on the machine.
    unit: 'CPU ms',
    direction: 'atMost',
    reach,
  };
}

const brevitas = 'Brevitas 0.13, learned power-of-two scales';

/** A training step of ResNet-8, everything in it: batch, forward, backward, update. */
export const training: Subject = {
  name: 'training',
  sides: {
    wasm: qfx({}),
    'wasm float': qfx({ numbers: 'float' }),
    baseline: qfx({ kernels: 'portable', stepsPerRound: 1 }),
    node: qfx({ backend: 'node' }),
    'node float': qfx({ backend: 'node', numbers: 'float' }),
    PyTorch: peerSide('torch', 'torch_step.py', ['float']),
    Brevitas: peerSide('torch', 'torch_step.py', ['brevitas']),
  },
  comparisons: [
    compare('wasm', 'gradients as convolutions, wasm', 'baseline', 0.45),
    compare('wasm', 'its own float step', 'wasm float', 1.15),
    compare('node', 'its own float step', 'node float', 1.35),
    compare('node', 'PyTorch, float step', 'PyTorch', 1.45),
    compare('wasm', brevitas, 'Brevitas', 1.1),
    compare('node', brevitas, 'Brevitas', 0.55),
  ],
};
