import { makeRawArray, rawArrayOf } from '../number/raw-array.js';
import type { IntegerTensor } from '../number/raw-array.js';
import { channelCount } from '../number/shape.js';
import { smallestFormat } from '../number/type.js';
import { findOperation } from '../operations/index.js';
import { indicesTo } from '../operations/channels.js';
import type { KeptChannels, SummedChannels } from '../operations/channels.js';
import { layer } from '../operations/operation.js';
import { arithmeticFor } from '../operations/scalars.js';
import type { FlowNode } from './channel-flows.js';

/**
 * The bias of a node of sums that stands for its own and for constant channels of its input that go; undefined where they add
 * nothing. It is the exact result with all other channels 0, which holds its format: partial sums fit the exact type.
 * @param values of the input, right in constant channels
 */
export function constantBias(
  { node, context }: Pick<FlowNode, 'node' | 'context'>,
  flow: SummedChannels,
  kept: KeptChannels,
  values: IntegerTensor,
): IntegerTensor | undefined {
  const channels = channelCount(values.shape);
  const stays = new Set(kept.inputs[0]);
  const adds = (channel: number) => !stays.has(channel) && kept.output.some((output) => flow.reads(channel, output));
  const adding = new Set(indicesTo(channels).filter(adds));
  const image = makeRawArray(values.format, values.raw.length);
  let isZero = true;
  for (let index = 0; index < image.length; index++) {
    if (!adding.has(index % channels) || !values.raw[index]) continue;
    image[index] = values.raw[index];
    isZero = false;
  }
  if (isZero) return undefined;
  const arithmetic = arithmeticFor(context, node);
  const operation = findOperation(node.operation, layer(node.name));
  const sums = operation.prepare(context, node, arithmetic)([arithmetic.fromRaw(image)]);
  // The same at every place, so that those of the first one are all of them.
  return narrowest(
    kept.output.map((output) => BigInt(sums[output])),
    node.exactType.binaryPoint,
  );
}

/** Raw integers at a binary point in the shortest words, without zero bits that all of them end with. */
function narrowest(raw: readonly bigint[], binaryPoint: number): IntegerTensor {
  let [values, point] = [raw, binaryPoint];
  while (values.some((value) => value !== 0n) && values.every((value) => value % 2n === 0n)) {
    values = values.map((value) => value / 2n);
    point--;
  }
  const [minimum, maximum] = values.reduce(
    ([least, most], value) => [value < least ? value : least, value > most ? value : most],
    [0n, 0n],
  );
  const format = smallestFormat(minimum, maximum, point);
  return { shape: [values.length], format, raw: rawArrayOf(format, values) };
}
