import { QfxError } from '../errors.js';
import { summedChannels } from './channels.js';
import { noAttributes, requireConstantShape } from './checks.js';
import type { NoAttributes } from './checks.js';
import { elementCount } from '../number/shape.js';
import { describeShape, layer } from './operation.js';
import type { NodeContext, Operation } from './operation.js';
import { inferWeightedSum, prepareWeightedSum } from './weighted-sum.js';
import type { WeightedSum } from './weighted-sum.js';

/** y[.., o] = bias[o] + sum over i of x[.., i] * weights[i][o], at each position of the axes before the last one. */
export const dense: Operation<NoAttributes> = {
  name: 'dense',
  attributes: noAttributes,
  inputCount: { minimum: 1, maximum: 1 },
  constants: { weights: 'required', bias: 'optional' },
  factor: { role: 'weights', learned: true },
  infer(context) {
    const sum = describeDense(context);
    return { shape: [...context.inputs[0].shape.slice(0, -1), sum.outputChannels], ...inferWeightedSum(sum) };
  },
  prepare(context, typing, arithmetic) {
    const evaluate = prepareWeightedSum(describeDense(context), typing, arithmetic);
    return ([values]) => evaluate(values);
  },
  multiplications: ({ inputs: [{ shape }], constants: { weights } }) =>
    elementCount(shape.slice(0, -1)) * weights.raw.length,
  channels: ({ constants: { weights, bias } }) => summedChannels({ weights, bias }, true),
};

/** A convolution with a 1x1 kernel on an image of one row: a pixel for each position. */
export function describeDense(context: NodeContext<NoAttributes>): WeightedSum {
  const { weights, bias } = context.constants;
  const [operand] = context.inputs;
  const { shape } = operand;
  const inputChannels = shape[shape.length - 1];
  const outputs = [1, elementCount(shape.slice(0, -1))] as const;
  if (weights.shape.length !== 2 || weights.shape[0] !== inputChannels) {
    throw new QfxError(
      layer(context.name),
      `weights have shape ${describeShape(weights.shape)}, needed: [${inputChannels}, outputs]`,
    );
  }
  const outputChannels = weights.shape[1];
  if (bias) requireConstantShape(context, 'bias', bias, [outputChannels]);
  return {
    operand,
    weights,
    bias,
    geometry: { input: outputs, kernel: [1, 1], strides: [1, 1], dilations: [1, 1], padding: [0, 0, 0, 0] },
    outputs,
    inputChannels,
    outputChannels,
    groups: 1,
  };
}
