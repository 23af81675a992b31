import type { NativeKernel, OperationRunner } from '../../tensorflow-node.js';
import { castGradientKernel, castKernel } from '../cast.js';
import type { CastAttributes } from '../cast.js';

/** The casts of cast.ts as operations of QFX's own (native/cast.cc): the same bits for every float32, in one pass. */

export const nativeCastKernel: NativeKernel<CastAttributes> = {
  name: castKernel.name,
  compute: ({ x }, attributes, operations) =>
    operations.run('QfxCast', [x, ...parameters(attributes, operations)], typeAttributes(attributes)),
};

export const nativeCastGradientKernel: NativeKernel<CastAttributes> = {
  name: castGradientKernel.name,
  compute: ({ x, dy }, attributes, operations) =>
    operations.runAll('QfxCastGrad', [x, dy, ...parameters(attributes, operations)], typeAttributes(attributes), 2),
};

/** What changes from step to step is an input: TensorFlow keeps a kernel for every combination of attributes it has seen. */
function parameters({ binaryPoints }: CastAttributes, operations: OperationRunner) {
  return [operations.numbers(binaryPoints), operations.numbers([-Infinity, Infinity, 1])];
}

function typeAttributes({ rounding, overflow, signed, wordLength }: CastAttributes) {
  return { rounding, overflow, signed, word_length: wordLength };
}
