import { rawRange } from '../../../number/type.js';
import { floorAt } from '../../../operations/relu.js';
import type { ReluAttributes } from '../../../operations/relu.js';
import { placeIntegerCasts, placeLaneCast, uniformFormat, uniformShift, valuesOf } from '../lowering.js';
import type { Lowered, Lowering } from '../lowering.js';
import { fits, signedRange } from '../storage.js';

/** max(x, 0), or min(max(x, 0), maximum): compared before it is shifted, as in the reference. */
export function relu(lowering: Lowering<ReluAttributes>): Lowered | undefined {
  const { node, output, kernels } = lowering;
  const [input] = lowering.inputs;
  const lanes = clipping(lowering, 32);
  const cast = placeLaneCast(lowering, node.exactType);
  if (lanes && cast !== undefined) {
    const [threshold, limit] = [Number(lanes.threshold), Number(lanes.limit)];
    return {
      path: 'int32',
      run(images) {
        const count = images * input.count;
        kernels.rectify(...valuesOf(input), ...valuesOf(output), count, lanes.shift, threshold, limit, cast);
      },
    };
  }
  const wide = clipping(lowering, 64);
  const casts = placeIntegerCasts(lowering, { shape: node.shape, format: node.exactType });
  if (!wide || !casts) return undefined;
  const { shift, threshold, limit } = wide;
  return {
    path: 'int64',
    run(images) {
      const count = images * input.count;
      kernels.rectifyIntegers(...valuesOf(input), ...valuesOf(output), count, shift, threshold, limit, ...casts);
    },
  };
}

interface Clipping {
  readonly shift: number;
  readonly threshold: bigint;
  readonly limit: bigint;
}

function clipping({ node, context, inputs: [input] }: Lowering<ReluAttributes>, bits: 32 | 64): Clipping | undefined {
  const { binaryPoint } = node.exactType;
  const format = uniformFormat(input, bits);
  const shift = uniformShift(input.format, binaryPoint, bits);
  if (!format || shift === undefined || !fits(node.exactType, bits)) return undefined;
  const { maximum: unlimited } = signedRange(bits);
  const { maximum } = context.attributes;
  const threshold = maximum && format.wordLength > 0 ? floorAt(maximum, format.binaryPoint) : unlimited;
  if (!maximum || threshold >= rawRange(format).maximum) return { shift, threshold: unlimited, limit: 0n };
  const limit = floorAt(maximum, binaryPoint);
  return limit <= unlimited ? { shift, threshold, limit } : undefined;
}
