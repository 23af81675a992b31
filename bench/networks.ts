import type { ModelContext, RunDescription } from 'qfx/autograd';
import resnet8 from '../examples/cifar10/resnet8.js';

type ModelOf = RunDescription['model'];

/** A network that is measured, with the shape of its inputs. */
export interface BenchNetwork {
  readonly model: ModelOf;
  readonly shape: readonly [number, number, number];
  readonly classes: number;
}

/** 16-64-32-32-5 with BatchNorm nowhere and ReLU between: the jet classifier of hls4ml, 4,256 multiplications. */
function dense({ tf, layers, shape, classes }: ModelContext) {
  const bits = { wordLength: 8 };
  const q = layers({ weights: bits, bias: bits, activations: bits });
  const model = tf.sequential();
  model.add(q.input({ inputShape: [...shape], name: 'features', wordLength: 8, binaryPoint: 8 }));
  model.add(q.flatten({ name: 'flatten' }));
  for (const [index, units] of [64, 32, 32].entries()) {
    model.add(q.dense({ name: `dense${index + 1}`, units, output: 'exact' }));
    model.add(q.relu({ name: `relu${index + 1}` }));
  }
  model.add(q.dense({ name: 'classes', units: classes }));
  return model;
}

export const networks = {
  resnet8: { model: resnet8.model, shape: [32, 32, 3], classes: 10 },
  dense: { model: dense, shape: [1, 1, 16], classes: 5 },
} as const satisfies Record<string, BenchNetwork>;
