import type { NativeKernel } from '../../tensorflow-node.js';
import { castGradientKernel, castKernel } from '../cast.js';
import type { CastAttributes } from '../cast.js';

/** The casts of cast.ts as operations of QFX's own (native/cast.cc): the same bits for every float32, in one pass. */

export const nativeCastKernel: NativeKernel<CastAttributes> = {
  name: castKernel.name,
  compute: ({ x }, attributes, operations) =>
    operations.run('QfxCast', [x, operations.numbers(attributes.binaryPoints)], typeAttributes(attributes)),
};

export const nativeCastGradientKernel: NativeKernel<CastAttributes> = {
  name: castGradientKernel.name,
  compute: ({ x, dy }, attributes, operations) =>
    operations.runAll('QfxCastGrad', [x, dy, operations.numbers(attributes.binaryPoints)], typeAttributes(attributes), 2),
};

/** Binary points are an input instead: TensorFlow keeps a kernel for every combination of attributes that it has seen. */
function typeAttributes({ rounding, overflow, signed, wordLength }: CastAttributes) {
  return { rounding, overflow, signed, word_length: wordLength };
}
