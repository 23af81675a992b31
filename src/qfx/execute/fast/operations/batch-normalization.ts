import { foldBatchNormalization } from '../../../operations/batch-normalization.js';
import { needsAlignment } from '../../../operations/operand.js';
import { arithmeticFor } from '../../../operations/scalars.js';
import { placeIntegerCasts, placeLaneCast, toInt32, toInt64, valuesOf } from '../lowering.js';
import type { Lowered, Lowering } from '../lowering.js';
import { fits } from '../storage.js';

/** scale[c] * x + offset[c], where all values of a channel stand at one binary point. */
export function batchNormalization(lowering: Lowering): Lowered | undefined {
  const { node, context, output, kernels, arena } = lowering;
  const [input] = lowering.inputs;
  const { binaryPoints, factors, summands } = foldBatchNormalization(context, node, arithmeticFor(context, node));
  if (needsAlignment(context.inputs[0], binaryPoints)) return undefined;
  if (!fits(input.format, 64) || !fits(node.exactType, 64)) return undefined;
  const channels = binaryPoints.length;
  const rows = input.count / channels;
  const cast = placeLaneCast(lowering, node.exactType);
  const [scale, offset] = [toInt32(factors), toInt32(summands)];
  if (cast !== undefined && scale && offset && input.storage !== 3 && fits(node.exactType, 32)) {
    const constants = [arena.constant(scale), arena.constant(offset)] as const;
    return {
      path: 'int32',
      run(images) {
        const places = [...valuesOf(input), ...valuesOf(output)] as const;
        kernels.scaleChannels(...places, images * rows, channels, ...constants, cast);
      },
    };
  }
  const casts = placeIntegerCasts(lowering, { shape: node.shape, format: node.exactType });
  const [wideScale, wideOffset] = [toInt64(factors), toInt64(summands)];
  if (!casts || !wideScale || !wideOffset) return undefined;
  const constants = [arena.constant(wideScale), arena.constant(wideOffset)] as const;
  return {
    path: 'int64',
    run(images) {
      const places = [...valuesOf(input), ...valuesOf(output)] as const;
      kernels.scaleChannelIntegers(...places, images * rows, channels, ...constants, ...casts);
    },
  };
}
