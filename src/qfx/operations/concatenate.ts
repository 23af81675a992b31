import { z } from 'zod';
import { QfxError } from '../errors.js';
import { indicesTo, sameChannels } from './channels.js';
import { wholeNumber } from './checks.js';
import { joinIntervals, smallestIntervalFormat } from './interval.js';
import { operandInterval, prepareAlignment } from './operand.js';
import { elementCount } from '../number/shape.js';
import { describeShape, layer } from './operation.js';
import type { NodeContext, Operation } from './operation.js';

const attributes = z.strictObject({
  /** Counted from 0, without the batch. */
  axis: wholeNumber,
});
export type ConcatenateAttributes = z.infer<typeof attributes>;

/** Tensors one after the other along an axis. */
export const concatenate: Operation<ConcatenateAttributes> = {
  name: 'concatenate',
  attributes,
  inputCount: { minimum: 2, maximum: 1024 },
  constants: {},
  infer(context) {
    const exactType = smallestIntervalFormat(joinIntervals(context.inputs.map(operandInterval)));
    return { shape: resultShape(context), exactType };
  },
  prepare({ inputs, attributes: { axis } }, { exactType, shape }, arithmetic) {
    const align = inputs.map((operand) => prepareAlignment(operand, exactType.binaryPoint, arithmetic));
    const blocks = inputs.map((operand) => elementCount(operand.shape.slice(axis)));
    const rows = elementCount(shape.slice(0, axis));
    return (values) => {
      const aligned = values.map((operand, index) => align[index](operand));
      const result = arithmetic.allocate(elementCount(shape));
      let target = 0;
      for (let row = 0; row < rows; row++) {
        for (let operand = 0; operand < aligned.length; operand++) {
          const start = row * blocks[operand];
          for (let offset = 0; offset < blocks[operand]; offset++) result[target++] = aligned[operand][start + offset];
        }
      }
      return result;
    };
  },
  multiplications: () => 0,
  channels(context) {
    const { inputs, attributes } = context;
    if (attributes.axis !== inputs[0].shape.length - 1) return sameChannels(context);
    let channels = 0;
    const ties = inputs.map(({ shape }) => {
      const first = channels;
      channels += shape[attributes.axis];
      return indicesTo(shape[attributes.axis]).map((channel) => first + channel);
    });
    return { kind: 'tied', ties: { inputs: ties, output: indicesTo(channels) }, keep: () => ({}) };
  },
};

function resultShape({ name, inputs, attributes: { axis } }: NodeContext<ConcatenateAttributes>): readonly number[] {
  const [{ shape }] = inputs;
  if (axis >= shape.length) {
    throw new QfxError(layer(name), `axis is ${axis}, its inputs have axes 0 to ${shape.length - 1}`);
  }
  const others = (operand: readonly number[]) =>
    describeShape(operand.map((size, index) => (index === axis ? -1 : size)));
  if (inputs.some((operand) => others(operand.shape) !== others(shape))) {
    const found = inputs.map((operand) => `"${operand.name}" ${describeShape(operand.shape)}`).join(', ');
    throw new QfxError(layer(name), `its inputs differ in more than axis ${axis}: ${found}`);
  }
  const size = inputs.reduce((sum, operand) => sum + operand.shape[axis], 0);
  return shape.map((old, index) => (index === axis ? size : old));
}
