import { numberRange } from '../../../qfx/number/round.js';
import type { NativeKernel } from '../../tensorflow-node.js';
import { castGradientKernel, castKernel, positionFactor } from '../cast.js';
import type { CastAttributes } from '../cast.js';
import { hasExactLanes, kindOf, smallestPositive, thresholds, trainedAttributes } from '../cast-table.js';

/** The casts of cast.ts as operations of QFX's own (native/cast.cc): the same bits for every float32, in one pass. */

export const nativeCastKernel: NativeKernel<CastAttributes> = {
  name: castKernel.name,
  handles: hasExactLanes,
  compute: ({ x }, attributes, operations) =>
    operations.run('QfxCast', [x, operations.numbers(castNumbers(attributes))], {}),
};

export const nativeCastGradientKernel: NativeKernel<CastAttributes> = {
  name: castGradientKernel.name,
  handles: (attributes) => hasExactLanes(trainedAttributes(attributes)),
  compute: ({ x, dy }, attributes, operations) =>
    operations.runAll('QfxCastGrad', [x, dy, operations.numbers(castNumbers(trainedAttributes(attributes)))], {}, 2),
};

/** As native/rounding.h counts them. */
const kinds = ['none', 'plain', 'relu', 'any'];

/**
 * A cast as native/rounding.h reads it: the fields of `Rounding`, then the binary points. A tensor and not attributes, which
 * TensorFlow would keep a kernel for in each combination, and read more slowly.
 */
export function castNumbers(attributes: CastAttributes): number[] {
  const { rounding, overflow, relu, binaryPoints } = attributes;
  const { minimum, maximum } = numberRange({ ...attributes, binaryPoint: 0 });
  const isZeroOutside = overflow === 'AP_SAT_ZERO';
  const clip = relu === undefined ? [-Infinity, Infinity] : [0, relu.maximum];
  // A ReLU's gradient passes above 0 only; that of a clip at both ends passes at them, too, as in the tensor library.
  const slopes = relu?.maximum === Infinity ? [smallestPositive, Infinity] : clip;
  return [
    minimum,
    maximum,
    kinds.indexOf(kindOf(attributes)),
    ...thresholds(rounding),
    Number(isZeroOutside),
    ...clip,
    ...slopes,
    positionFactor(attributes),
    ...binaryPoints,
  ];
}
