import { needsAlignment } from '../../../operations/operand.js';
import { arithmeticFor } from '../../../operations/scalars.js';
import { foldWeightedSum } from '../../../operations/weighted-sum.js';
import type { WeightedSum } from '../../../operations/weighted-sum.js';
import { allWithin, placeIntegerCasts, placeLaneCast, toInt32 } from '../lowering.js';
import type { Lowered, Lowering } from '../lowering.js';
import { fits } from '../storage.js';

/** Larger images, with their padding, are left to the reference. */
const maximumImageBytes = 2 ** 26;

/** Weights and bias as exact integers, in the order of the constants. */
interface Constants {
  readonly weights: readonly bigint[];
  readonly bias: readonly bigint[];
}

/**
 * A convolution or a dense layer. On int16 where operand and weights are that narrow and all partial sums are proven to fit
 * int32, else on int64.
 */
export function weightedSum(lowering: Lowering, sum: WeightedSum): Lowered | undefined {
  const { node, context } = lowering;
  const [input] = lowering.inputs;
  const folded = foldWeightedSum(sum, node, arithmeticFor(context, node));
  if (needsAlignment(sum.operand, folded.binaryPoints)) return undefined;
  if (!fits(input.format, 64) || !fits(node.exactType, 64)) return undefined;
  const narrow = input.storage === 1 && fits(node.exactType, 32) ? allWithin(folded.weights, 16) : undefined;
  const narrowBias = toInt32(folded.bias);
  if (narrow && narrowBias) return sumOnPairs(lowering, sum, narrow.map(Number), narrowBias);
  const [weights, bias] = [allWithin(folded.weights, 64), allWithin(folded.bias, 64)];
  return weights && bias && sumOnIntegers(lowering, sum, { weights, bias });
}

/** How the windows of an image lie in memory. */
interface Layout {
  /** Rows and columns of the image with its padding. */
  readonly rows: number;
  readonly columns: number;
  readonly bytes: number;
  /** The image is copied into one with room for the padding, or of another storage. */
  readonly copied: boolean;
  /** Bytes from window to window. */
  readonly rowBytes: number;
  readonly pixelBytes: number;
  /** Byte offsets of the runs of values under a window, and how many values each of them has. */
  readonly offsets: readonly number[];
  readonly length: number;
}

function layOut({ geometry, inputChannels, groups }: WeightedSum, storage: number, wanted: 1 | 3): Layout | undefined {
  const [height, width] = geometry.input;
  const [kernelHeight, kernelWidth] = geometry.kernel;
  const [top, bottom, left, right] = geometry.padding;
  const [rows, columns] = [height + top + bottom, width + left + right];
  const valueBytes = 2 ** wanted;
  const pixelBytes = inputChannels * valueBytes;
  const bytes = rows * columns * pixelBytes;
  if (bytes > maximumImageBytes) return undefined;
  // Taps side by side are one run, unless a group takes some of the channels only.
  const merged = groups === 1 && geometry.dilations[1] === 1;
  const length = (inputChannels / groups) * (merged ? kernelWidth : 1);
  const offsets = Array.from({ length: kernelHeight * (merged ? 1 : kernelWidth) }, (_, run) => {
    const row = merged ? run : Math.floor(run / kernelWidth);
    const column = merged ? 0 : run % kernelWidth;
    return (row * geometry.dilations[0] * columns + column * geometry.dilations[1]) * pixelBytes;
  });
  return {
    rows,
    columns,
    bytes,
    copied: storage !== wanted || rows !== height || columns !== width,
    rowBytes: geometry.strides[0] * columns * pixelBytes,
    pixelBytes: geometry.strides[1] * pixelBytes,
    offsets,
    length,
  };
}

/** Puts an image where its windows can be read; returns where that is. */
type PlaceImage = (image: number) => number;

function preparePlacing(
  { inputs, kernels, scratch }: Lowering,
  sum: WeightedSum,
  layout: Layout,
  wanted: 1 | 3,
): PlaceImage {
  const [input] = inputs;
  const imageBytes = input.count * 2 ** input.storage;
  if (!layout.copied) return (image) => input.address + image * imageBytes;
  const { geometry, inputChannels } = sum;
  const [height, width] = geometry.input;
  const [top, , left] = geometry.padding;
  const count = layout.columns * inputChannels;
  const first = top * count + left * inputChannels;
  const wide = wanted === 3 ? 1 : 0;
  return (image) => {
    const from = input.address + image * imageBytes;
    const row = width * inputChannels;
    kernels.padImage(from, input.storage, height, row, scratch.address, wide, layout.rows, count, first);
    return scratch.address;
  };
}

function sumOnPairs(
  lowering: Lowering,
  sum: WeightedSum,
  weights: readonly number[],
  bias: Int32Array,
): Lowered | undefined {
  const { node, inputs, output, kernels, scratch, images: most } = lowering;
  const layout = layOut(sum, inputs[0].storage, 1);
  if (!layout) return undefined;
  const compute = sum.groups > 1 && weightsOfChannel(sum) ? depthwise : grouped;
  const image = Math.ceil((layout.bytes + 64) / 16) * 16;
  const cast = placeLaneCast(lowering, node.exactType);
  if (cast !== undefined) {
    scratch.reserve(image);
    const sums = compute(lowering, sum, layout, weights, bias, cast);
    return {
      path: 'int16',
      run: (images) => sums(images, output.address, output.storage),
    };
  }
  // The exact sums are kept, for a cast that differs from channel to channel, or is wider.
  const none = placeLaneCast({ ...lowering, output: exactOutput(lowering) }, node.exactType);
  const casts = placeIntegerCasts(lowering, { shape: node.shape, format: node.exactType });
  if (none === undefined || !casts) return undefined;
  scratch.reserve(image + most * output.count * 4);
  const sums = compute(lowering, sum, layout, weights, bias, none);
  return {
    path: 'int16',
    run(images) {
      const exact = scratch.address + image;
      sums(images, exact, 2);
      kernels.castIntegers(exact, 2, output.address, output.storage, images * output.count, ...casts);
    },
  };
}

function exactOutput({ node, output }: Lowering): Lowering['output'] {
  return { ...output, storage: 2, format: { ...node.exactType, rounding: 'AP_TRN', overflow: 'AP_WRAP' } };
}

function weightsOfChannel({ inputChannels, outputChannels, groups }: WeightedSum): boolean {
  return inputChannels === groups && outputChannels === groups;
}

/** Weighted sums of so many images, cast and stored as int16 or int32. */
type Sums = (images: number, output: number, storage: 1 | 2 | 3) => void;

function grouped(
  lowering: Lowering,
  sum: WeightedSum,
  layout: Layout,
  weights: readonly number[],
  bias: Int32Array,
  cast: number,
): Sums {
  const { inputs, kernels, arena } = lowering;
  const { groups, inputChannels, outputChannels, geometry } = sum;
  const groupOutputs = outputChannels / groups;
  const groupBytes = (inputChannels / groups) * 2;
  const pairs = Math.ceil(layout.length / 2);
  const segments = arena.constant(Int32Array.from(layout.offsets));
  const constants = Array.from({ length: groups }, (_, group) => {
    const outputs = { first: group * groupOutputs, count: groupOutputs, of: outputChannels };
    return [
      arena.constant(packPairs(weights, layout, outputs)),
      arena.constant(padTo(8, bias.subarray(outputs.first, outputs.first + groupOutputs))),
    ] as const;
  });
  const place = preparePlacing(lowering, sum, layout, 1);
  const outputBytes = sum.outputs[0] * sum.outputs[1] * outputChannels;
  const isPointwise = !layout.copied && groups === 1 && geometry.kernel.every((size) => size === 1);
  const isWhole = geometry.strides.every((stride) => stride === 1);
  if (isPointwise && isWhole) {
    // Every pixel of every image is a window like any other.
    const pixels = geometry.input[0] * geometry.input[1];
    const [from] = inputs;
    return (images, output, storage) => {
      const windows = [from.address, 0, layout.pixelBytes, 1, images * pixels] as const;
      const own = [...constants[0], outputChannels] as const;
      kernels.sumPairs(...windows, segments, 1, pairs, ...own, output, storage, outputChannels, cast);
    };
  }
  return (images, output, storage) => {
    for (let image = 0; image < images; image++) {
      const from = place(image);
      const to = output + image * outputBytes * 2 ** storage;
      constants.forEach((own, group) => {
        const windows = [from + group * groupBytes, layout.rowBytes, layout.pixelBytes, ...sum.outputs] as const;
        const first = to + group * groupOutputs * 2 ** storage;
        const runs = [segments, layout.offsets.length, pairs] as const;
        kernels.sumPairs(...windows, ...runs, ...own, groupOutputs, first, storage, outputChannels, cast);
      });
    }
  };
}

interface Outputs {
  readonly first: number;
  readonly count: number;
  /** Outputs of all groups. */
  readonly of: number;
}

/** For each eight outputs: run by run, pair by pair, output by output the two weights; 0 where there is none. */
function packPairs(weights: readonly number[], { offsets, length }: Layout, { first, count, of }: Outputs): Int16Array {
  const blocks = Math.ceil(count / 8);
  const pairs = Math.ceil(length / 2);
  const packed = new Int16Array(blocks * offsets.length * pairs * 16);
  let target = 0;
  for (let block = 0; block < blocks; block++) {
    for (let run = 0; run < offsets.length; run++) {
      for (let pair = 0; pair < pairs; pair++) {
        for (let lane = 0; lane < 16; lane++, target++) {
          const value = 2 * pair + (lane % 2);
          const output = block * 8 + Math.floor(lane / 2);
          if (value < length && output < count) packed[target] = weights[(run * length + value) * of + first + output];
        }
      }
    }
  }
  return packed;
}

function padTo(multiple: number, values: Int32Array): Int32Array {
  const padded = new Int32Array(Math.ceil(values.length / multiple) * multiple);
  padded.set(values);
  return padded;
}

function depthwise(
  lowering: Lowering,
  sum: WeightedSum,
  layout: Layout,
  weights: readonly number[],
  bias: Int32Array,
  cast: number,
): Sums {
  const { kernels, arena } = lowering;
  const channels = sum.outputChannels;
  const taps = layout.offsets.length;
  const pairs = Math.ceil(taps / 2);
  // A last tap without a partner is paired with itself; the partner's weight is 0.
  const offsets = Int32Array.from({ length: 2 * pairs }, (_, tap) => layout.offsets[Math.min(tap, taps - 1)]);
  const segments = arena.constant(offsets);
  const own = [arena.constant(packTaps(weights, taps, channels)), arena.constant(padTo(8, bias)), channels] as const;
  const place = preparePlacing(lowering, sum, layout, 1);
  const outputValues = sum.outputs[0] * sum.outputs[1] * channels;
  return (images, output, storage) => {
    for (let image = 0; image < images; image++) {
      const windows = [place(image), layout.rowBytes, layout.pixelBytes, ...sum.outputs] as const;
      const to = output + image * outputValues * 2 ** storage;
      kernels.sumChannels(...windows, segments, pairs, ...own, to, storage, cast);
    }
  };
}

/** For each eight channels: pair of taps by pair of taps, channel by channel the two weights. */
function packTaps(weights: readonly number[], taps: number, channels: number): Int16Array {
  const blocks = Math.ceil(channels / 8);
  const pairs = Math.ceil(taps / 2);
  const packed = new Int16Array(blocks * pairs * 16);
  let target = 0;
  for (let block = 0; block < blocks; block++) {
    for (let pair = 0; pair < pairs; pair++) {
      for (let lane = 0; lane < 16; lane++, target++) {
        const tap = 2 * pair + (lane % 2);
        const channel = block * 8 + Math.floor(lane / 2);
        if (tap < taps && channel < channels) packed[target] = weights[tap * channels + channel];
      }
    }
  }
  return packed;
}

function sumOnIntegers(lowering: Lowering, sum: WeightedSum, { weights, bias }: Constants): Lowered | undefined {
  const { node, inputs, output, kernels, scratch, arena } = lowering;
  const layout = layOut(sum, inputs[0].storage, 3);
  const casts = placeIntegerCasts(lowering, { shape: node.shape, format: node.exactType });
  if (!layout || !casts) return undefined;
  scratch.reserve(layout.bytes);
  const { groups, inputChannels, outputChannels } = sum;
  const groupOutputs = outputChannels / groups;
  const groupBytes = (inputChannels / groups) * 8;
  const segments = [arena.constant(Int32Array.from(layout.offsets)), layout.offsets.length, layout.length] as const;
  const constants = Array.from({ length: groups }, (_, group) => {
    const outputs = { first: group * groupOutputs, count: groupOutputs, of: outputChannels };
    const own = new BigInt64Array(Math.ceil(groupOutputs / 4) * 4);
    own.set(bias.slice(outputs.first, outputs.first + groupOutputs));
    return [arena.constant(packIntegers(weights, layout, outputs)), arena.constant(own), groupOutputs] as const;
  });
  const place = preparePlacing(lowering, sum, layout, 3);
  return {
    path: 'int64',
    run(images) {
      for (let image = 0; image < images; image++) {
        const from = place(image);
        const to = output.address + image * output.count * 2 ** output.storage;
        constants.forEach((own, group) => {
          const windows = [from + group * groupBytes, layout.rowBytes, layout.pixelBytes, ...sum.outputs] as const;
          const target = [to, output.storage, outputChannels, group * groupOutputs] as const;
          kernels.sumIntegers(...windows, ...segments, ...own, ...target, ...casts);
        });
      }
    },
  };
}

/** For each four outputs: run by run, value by value the four weights; 0 where there is none. */
function packIntegers(weights: readonly bigint[], { offsets, length }: Layout, outputs: Outputs): BigInt64Array {
  const { first, count, of } = outputs;
  const blocks = Math.ceil(count / 4);
  const values = offsets.length * length;
  const packed = new BigInt64Array(blocks * values * 4);
  let target = 0;
  for (let block = 0; block < blocks; block++) {
    for (let value = 0; value < values; value++) {
      for (let lane = 0; lane < 4; lane++, target++) {
        const output = block * 4 + lane;
        if (output < count) packed[target] = weights[value * of + first + output];
      }
    }
  }
  return packed;
}
