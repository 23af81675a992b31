import { z } from 'zod';
import { QfxError } from '../errors.js';
import { makeRawArray } from '../number/raw-array.js';
import type { IntegerTensor } from '../number/raw-array.js';
import { spreadAt } from '../number/type.js';
import type { Spread } from '../number/type.js';
import { limits } from '../limits.js';
import { summedChannels } from './channels.js';
import { requireConstantShape, requireImage, wholeNumber } from './checks.js';
import { joinIntervals, smallestIntervalFormat } from './interval.js';
import { alignedOperandType } from './operand.js';
import { describeShape, layer } from './operation.js';
import type { NodeContext, Operation } from './operation.js';
import { prepareWeightedSum, sumInterval } from './weighted-sum.js';
import type { WeightedSum } from './weighted-sum.js';
import type { Pair } from './window.js';

/** So that no file makes more phases than this for each axis. */
const stride = z.int().min(1).max(64);
const side = z.int().min(1).max(limits.imageSide);

const attributes = z.strictObject({
  strides: z.tuple([stride, stride]),
  /** [height, width] of the result. */
  size: z.tuple([side, side]),
  /** Rows at the top and columns at the left that are left out. */
  cropping: z.tuple([wholeNumber, wholeNumber]),
});
export type Conv2dTransposeAttributes = z.infer<typeof attributes>;

/**
 * Transposed convolution of [height, width, channels] with weights [kernelHeight, kernelWidth, channels, outputs]: every pixel
 * adds its products with the whole kernel to a rectangle of the result, `strides` from the next one's.
 */
export const conv2dTranspose: Operation<Conv2dTransposeAttributes> = {
  name: 'conv2d-transpose',
  attributes,
  inputCount: { minimum: 1, maximum: 1 },
  constants: { weights: 'required', bias: 'optional' },
  factor: { role: 'weights', learned: true },
  infer(context) {
    const phases = describePhases(context);
    const { size } = context.attributes;
    return {
      shape: [...size, phases[0].sum.outputChannels],
      exactType: smallestIntervalFormat(joinIntervals(phases.map(({ sum }) => sumInterval(sum)))),
      ...alignedOperandType(context.inputs[0]),
    };
  },
  prepare(context, typing, arithmetic) {
    const { size, strides } = context.attributes;
    const phases = describePhases(context).map(({ first, sum }) => ({
      first,
      sum,
      evaluate: prepareWeightedSum(sum, typing, arithmetic),
    }));
    const channels = phases[0].sum.outputChannels;
    return ([values]) => {
      const result = arithmetic.allocate(size[0] * size[1] * channels);
      for (const { first, sum, evaluate } of phases) {
        const sums = evaluate(values);
        let index = 0;
        for (let row = 0; row < sum.outputs[0]; row++) {
          for (let column = 0; column < sum.outputs[1]; column++) {
            const pixel = (first[0] + row * strides[0]) * size[1] + first[1] + column * strides[1];
            for (let channel = 0; channel < channels; channel++) result[pixel * channels + channel] = sums[index++];
          }
        }
      }
      return result;
    };
  },
  multiplications: ({ inputs: [{ shape }], constants: { weights } }) => shape[0] * shape[1] * weights.raw.length,
  // Pixels of the result meet different taps.
  channels: ({ constants: { weights, bias } }) => summedChannels({ weights, bias }, false),
};

/**
 * Size and cropping by Keras' rule: `same` gives input * stride, `valid` whatever a pixel reaches, but no less than that.
 * @param input [height, width] of the image
 */
export function resolveTransposedPadding(
  padding: 'same' | 'valid',
  input: Pair,
  kernel: Pair,
  strides: Pair,
): { readonly size: Pair; readonly cropping: Pair } {
  const beyond = (axis: 0 | 1) => Math.max(kernel[axis] - strides[axis], 0);
  const stretched = (axis: 0 | 1) => input[axis] * strides[axis];
  if (padding === 'valid') return { size: [stretched(0) + beyond(0), stretched(1) + beyond(1)], cropping: [0, 0] };
  return {
    size: [stretched(0), stretched(1)],
    cropping: [Math.floor(beyond(0) / 2), Math.floor(beyond(1) / 2)],
  };
}

/** The pixels of a result that meet the same taps of the kernel, `strides` from one to the next: a convolution. */
export interface Phase {
  /** The first of its rows and columns in the result. */
  readonly first: Pair;
  readonly sum: WeightedSum;
}

/** For each row of a stride each column of a stride; throws QfxError for shapes that do not fit. */
export function describePhases(context: NodeContext<Conv2dTransposeAttributes>): Phase[] {
  const kernel = checkedKernel(context);
  const { weights, bias } = context.constants;
  const { strides, size, cropping } = context.attributes;
  const [height, width, inputChannels] = requireImage(context);
  const along = (axis: 0 | 1) =>
    Array.from({ length: strides[axis] }, (_, phase) => {
      const [stride, cropped] = [strides[axis], cropping[axis]];
      const taps = phaseTaps(phase, stride, kernel[axis]);
      const first = (phase + stride - (cropped % stride)) % stride;
      const outputs = Math.max(Math.ceil((size[axis] - first) / stride), 0);
      // The window of the first output ends at this input.
      const last = (first + cropped - phase) / stride;
      const before = taps.length - 1 - last;
      const after = outputs + last - [height, width][axis];
      return { taps, first, outputs, before, after };
    });
  const columns = along(1);
  return along(0).flatMap((row) =>
    columns.map((column): Phase => {
      const window = [row.taps.length, column.taps.length] as const;
      return {
        first: [row.first, column.first],
        sum: {
          operand: context.inputs[0],
          weights: gatherTaps(weights, window, joinTaps(row.taps, column.taps, kernel[1])),
          bias,
          geometry: {
            input: [height, width],
            kernel: window,
            strides: [1, 1],
            dilations: [1, 1],
            padding: [row.before, row.after, column.before, column.after],
          },
          outputs: [row.outputs, column.outputs],
          inputChannels,
          outputChannels: weights.shape[3],
          groups: 1,
        },
      };
    }),
  );
}

function checkedKernel(context: NodeContext<Conv2dTransposeAttributes>): Pair {
  const { weights, bias } = context.constants;
  const { strides, size, cropping } = context.attributes;
  const [height, width, inputChannels] = requireImage(context);
  const [kernelHeight, kernelWidth, weightInputs, outputChannels] = weights.shape;
  if (weights.shape.length !== 4 || weightInputs !== inputChannels) {
    const needed = `[kernelHeight, kernelWidth, ${inputChannels}, outputs]`;
    throw new QfxError(layer(context.name), `weights have shape ${describeShape(weights.shape)}, needed: ${needed}`);
  }
  if (bias) requireConstantShape(context, 'bias', bias, [outputChannels]);
  const kernel = [kernelHeight, kernelWidth] as const;
  for (const axis of [0, 1] as const) {
    const name = axis === 0 ? 'rows' : 'columns';
    if (cropping[axis] >= kernel[axis]) {
      const found = `${cropping[axis]} ${name} are cropped, the kernel has ${kernel[axis]}; needed: less`;
      throw new QfxError(layer(context.name), found);
    }
    const all = [height, width][axis] * strides[axis] + Math.max(kernel[axis] - strides[axis], 0) - cropping[axis];
    if (size[axis] > all) {
      throw new QfxError(layer(context.name), `size has ${size[axis]} ${name}, at most ${all} are possible`);
    }
  }
  return kernel;
}

/** Along an axis a tap of the kernel for each input of a window, undefined for one beyond the kernel. */
type Taps = readonly (number | undefined)[];

/**
 * The taps that outputs of a phase meet, in the order of their inputs: the last one is the phase itself, each one before it
 * a stride further.
 * @param length inputs of a window; default: as many as there are taps, but one at least
 */
export function phaseTaps(
  phase: number,
  stride: number,
  kernel: number,
  length = Math.max(Math.ceil((kernel - phase) / stride), 1),
): Taps {
  return Array.from({ length }, (_, input) => {
    const tap = phase + (length - 1 - input) * stride;
    return tap < kernel ? tap : undefined;
  });
}

/** All taps of a window, row by row, as indices into the plane of a kernel. */
export function joinTaps(rows: Taps, columns: Taps, kernelWidth: number): Taps {
  return rows.flatMap((row) =>
    columns.map((column) => (row === undefined || column === undefined ? undefined : row * kernelWidth + column)),
  );
}

/**
 * Weights [height, width, inputs, outputs] with other taps.
 * @param window height and width of the result
 * @param taps for each of its taps one of the weights', row-major; undefined for one of zeros that have no width
 */
export function gatherTaps({ raw, shape, format }: IntegerTensor, window: Pair, taps: Taps): IntegerTensor {
  const [, , inputs, outputs] = shape;
  const each = inputs * outputs;
  const gathered = makeRawArray(format, taps.length * each);
  taps.forEach((tap, index) => {
    if (tap === undefined) return;
    for (let at = 0; at < each; at++) gathered[index * each + at] = raw[tap * each + at];
  });
  const isWhole = !taps.includes(undefined);
  const spread = (own: Spread): Spread => {
    if (isWhole && (typeof own === 'number' || ('axis' in own && own.axis >= 2))) return own;
    const elements = Array.from({ length: gathered.length }, (_, index) => {
      const tap = taps[Math.floor(index / each)];
      return tap === undefined ? 0 : spreadAt(own, shape, tap * each + (index % each));
    });
    return { elements };
  };
  return {
    shape: [...window, inputs, outputs],
    format: { ...format, wordLength: spread(format.wordLength), binaryPoint: spread(format.binaryPoint) },
    raw: gathered,
  };
}
