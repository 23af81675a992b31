import type { WeightedSum } from '../../../operations/weighted-sum.js';
import { exactOutput, placeIntegerCasts, placeLaneCast } from '../lowering.js';
import type { Lowered, Lowering } from '../lowering.js';
import { layOut, preparePlacing } from './weighted-sum-windows.js';
import type { Layout, Outputs } from './weighted-sum-windows.js';

/** Weighted sums of operands and weights of int16, two products an addition, in int32. */
export function sumOnPairs(
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
  const none = placeLaneCast({ ...lowering, output: exactOutput(lowering, 32) }, node.exactType);
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
