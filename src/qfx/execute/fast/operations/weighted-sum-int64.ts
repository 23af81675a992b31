import type { WeightedSum } from '../../../operations/weighted-sum.js';
import { placeIntegerCasts } from '../lowering.js';
import type { Lowered, Lowering } from '../lowering.js';
import { layOut, preparePlacing } from './weighted-sum-windows.js';
import type { Layout, Outputs } from './weighted-sum-windows.js';

/** Weights and bias as exact integers, in the order of the constants. */
interface Constants {
  readonly weights: readonly bigint[];
  readonly bias: readonly bigint[];
}

/** Weighted sums in int64. */
export function sumOnIntegers(lowering: Lowering, sum: WeightedSum, { weights, bias }: Constants): Lowered | undefined {
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
