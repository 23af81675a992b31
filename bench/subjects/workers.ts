import { qfxSide } from '../harness/qfx.js';
import type { Side, Subject } from '../harness/subject.js';
import type { TrainingStepOptions } from '../sides/training-step.js';

function withWorkers(workers: number): Side {
  const options: TrainingStepOptions = {
    network: 'resnet8',
    batchSize: 64,
    stepsPerRound: 2,
    backend: 'wasm',
    numbers: 'quantized',
    shards: 2,
    workers,
  };
  return qfxSide('training-step.ts', options);
}

/** The same step on two workers and on one, with the same two shards. */
export const workers: Subject = {
  name: 'workers',
  // Short rounds, and many: both workers have to meet an undisturbed one at the same time.
  leastRounds: 15,
  sides: { two: withWorkers(2), one: withWorkers(1) },
  comparisons: [
    {
      subject: 'ResNet-8 QAT step, batch 64 in two shards, wasm, two workers',
      against: 'one worker',
      measured: 'two',
      reference: 'one',
      unit: 'ms',
      direction: 'atMost',
      reach: 0.58,
    },
  ],
};
