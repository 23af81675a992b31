import { QfxError } from '../errors.js';
import { sameChannels } from './channels.js';
import { joinIntervals, noWidth, smallestIntervalFormat } from './interval.js';
import type { Interval } from './interval.js';
import { distinctIntervals, prepareAlignment } from './operand.js';
import { describeShape, layer } from './operation.js';
import type { NodeContext, NodeTyping, Operation, OperandDescription } from './operation.js';
import type { Scalar } from './scalars.js';

/**
 * The interval of all results of an operation on tensors of one shape, element by element.
 * @param combine the interval of one result, from those of the operands that meet in it
 */
export function elementWiseInterval(
  inputs: readonly OperandDescription[],
  combine: (operands: readonly Interval[]) => Interval,
): Interval {
  let joined = noWidth;
  for (const operands of distinctIntervals(inputs)) joined = joinIntervals([joined, combine(operands)]);
  return joined;
}

/** The one shape of all inputs; throws QfxError for different ones. */
export function requireOneShape({ name, inputs }: Pick<NodeContext, 'name' | 'inputs'>): readonly number[] {
  const [{ shape }] = inputs;
  if (inputs.every((other) => describeShape(other.shape) === describeShape(shape))) return shape;
  const found = inputs.map((operand) => `"${operand.name}" ${describeShape(operand.shape)}`).join(', ');
  throw new QfxError(layer(name), `its inputs have different shapes: ${found}`);
}

/** What differs between operations on tensors of one shape whose elements are first aligned to one binary point. */
interface AlignedElementWise<Attributes> extends Pick<Operation<Attributes>, 'name' | 'attributes' | 'inputCount'> {
  /** Where operands are compared they need a type that holds them all, which may be wider than the result's. */
  readonly comparesOperands?: boolean;
  /** The interval of one result, from those of the operands that meet in it. */
  interval(operands: readonly Interval[]): Interval;
  /** The result so far and the next operand's value. */
  combine(result: Scalar, value: Scalar): Scalar;
}

/** An operation that goes through its operands' elements in their order: combine(combine(first, second), third) ... */
export function alignedElementWise<Attributes>({
  comparesOperands = false,
  interval,
  combine,
  ...definition
}: AlignedElementWise<Attributes>): Operation<Attributes> {
  return {
    ...definition,
    constants: {},
    infer(context): NodeTyping {
      const { inputs } = context;
      const shape = requireOneShape(context);
      const exactType = smallestIntervalFormat(elementWiseInterval(inputs, interval));
      if (!comparesOperands) return { shape, exactType };
      const operand = smallestIntervalFormat(elementWiseInterval(inputs, joinIntervals));
      return { shape, exactType, intermediateTypes: { operand } };
    },
    prepare({ inputs }, { exactType }, arithmetic) {
      const align = inputs.map((operand) => prepareAlignment(operand, exactType.binaryPoint, arithmetic));
      return (values) => {
        const [first, ...others] = values.map((operand, index) => align[index](operand));
        const result = arithmetic.allocate(first.length);
        for (let index = 0; index < result.length; index++) result[index] = first[index];
        for (const operand of others) {
          for (let index = 0; index < result.length; index++) result[index] = combine(result[index], operand[index]);
        }
        return result;
      };
    },
    multiplications: () => 0,
    channels: (context) => sameChannels(context),
  };
}

/** Two inputs. */
export const two = { minimum: 2, maximum: 2 } as const;
