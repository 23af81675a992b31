import { smallestIntervalFormat } from './interval.js';
import { operandInterval, prepareAlignment } from './operand.js';
import type { NodeContext, NodeTyping, Operation } from './operation.js';

/** What operations share that give their one input's values on, in another shape or none: every value at one binary point. */
export function passThrough<Attributes>(
  definition: Pick<Operation<Attributes>, 'name' | 'attributes'>,
  shape: (context: NodeContext<Attributes>) => readonly number[],
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
  };
}
