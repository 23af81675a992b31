import type { NativeKernel } from '../../tensorflow-node.js';
import { withinGradientKernel } from '../within.js';
import type { Bounds } from '../within.js';

/** The kernel of within.ts as an operation of QFX's own (native/within.cc). */
export const nativeWithinGradientKernel: NativeKernel<Bounds> = {
  name: withinGradientKernel.name,
  compute: ({ x, dy }, { lower, upper }, operations) =>
    operations.run('QfxWithinGrad', [x, dy, operations.numbers([lower, upper])], {}),
};
