import { isUniform } from '../../../number/type.js';
import { elementCount } from '../../../number/shape.js';
import { describePhases } from '../../../operations/conv2d-transpose.js';
import type { Conv2dTransposeAttributes, Phase } from '../../../operations/conv2d-transpose.js';
import type { Lowered, Lowering } from '../lowering.js';
import { movedPixels } from './moved-pixels.js';
import { weightedSum } from './weighted-sum.js';

/** Each phase as the convolution that it is; then its pixels go to where they belong. */
export function conv2dTranspose(lowering: Lowering<Conv2dTransposeAttributes>): Lowered | undefined {
  const phases = describePhases(lowering.context).filter(({ sum: { outputs } }) => outputs[0] * outputs[1] > 0);
  if (!isUniform(lowering.output.format)) return undefined;
  // Windows that begin or end inside the image, as only explicit cropping makes them.
  if (phases.some(({ sum }) => sum.geometry.padding.some((amount) => amount < 0))) return undefined;
  const lowered: Lowered[] = [];
  for (const phase of phases) {
    const own = lowerPhase(lowering, phase);
    if (own === undefined) return undefined;
    lowered.push(own);
  }
  return {
    path: lowered.every(({ path }) => path === 'int16') ? 'int16' : 'int64',
    run: (images) => lowered.forEach(({ run }) => run(images)),
  };
}

function lowerPhase(lowering: Lowering<Conv2dTransposeAttributes>, { first, sum }: Phase): Lowered | undefined {
  const { output, images, arena, node } = lowering;
  const [rows, columns] = sum.outputs;
  const shape = [rows, columns, sum.outputChannels];
  const count = elementCount(shape);
  const address = arena.allocate(images * count * 2 ** output.storage);
  const place = { ...output, shape, count, address };
  const sums = weightedSum({ ...lowering, node: { ...node, shape }, output: place }, sum);
  const { strides } = lowering.context.attributes;
  const copies = Array.from({ length: rows }, (_, row) => ({
    from: row * columns,
    to: (first[0] + row * strides[0]) * output.shape[1] + first[1],
    pixels: columns,
    step: strides[1],
  }));
  const moved = movedPixels({ ...lowering, inputs: [place] }, copies);
  if (sums === undefined || moved === undefined) return undefined;
  return {
    path: sums.path,
    run(count) {
      sums.run(count);
      moved.run(count);
    },
  };
}
