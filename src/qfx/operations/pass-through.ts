import { greatestCommonDivisor } from '../number/greatest-common-divisor.js';
import { channelCount } from '../number/shape.js';
import { indicesTo } from './channels.js';
import { smallestIntervalFormat } from './interval.js';
import { operandInterval, prepareAlignment } from './operand.js';
import type { NodeContext, NodeTyping, Operation } from './operation.js';

/**
 * What operations share that give their one input's values on, in another shape or none: every value at one binary point.
 * @param shape of the result
 * @param keep attributes of a node whose result has so many channels only
 */
export function passThrough<Attributes>(
  definition: Pick<Operation<Attributes>, 'name' | 'attributes'>,
  shape: (context: NodeContext<Attributes>) => readonly number[],
  keep: (attributes: Attributes, channels: number) => Attributes = (attributes) => attributes,
): Operation<Attributes> {
  return {
    ...definition,
    inputCount: { minimum: 1, maximum: 1 },
    constants: {},
    infer(context): NodeTyping {
      return { shape: shape(context), exactType: smallestIntervalFormat(operandInterval(context.inputs[0])) };
    },
    prepare({ inputs: [operand] }, { exactType }, arithmetic) {
      const align = prepareAlignment(operand, exactType.binaryPoint, arithmetic);
      return ([values]) => align(values);
    },
    multiplications: () => 0,
    channels(context) {
      const [inputs, outputs] = [context.inputs[0].shape, shape(context)].map(channelCount);
      // Values that are row-major on both sides meet where their indices leave one remainder.
      const period = greatestCommonDivisor(inputs, outputs);
      const tiesOf = (channels: number) => indicesTo(channels).map((channel) => channel % period);
      return {
        kind: 'tied',
        ties: { inputs: [tiesOf(inputs)], output: tiesOf(outputs) },
        keep: ({ output }) => ({ attributes: keep(context.attributes, output.length) }),
      };
    },
  };
}
