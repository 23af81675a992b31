import { QfxError } from '../errors.js';
import { noAttributes, requireConstantShape } from './checks.js';
import type { NoAttributes } from './checks.js';
import { describeShape, layer } from './operation.js';
import type { NodeContext, Operation } from './operation.js';
import { inferWeightedSum, prepareWeightedSum } from './weighted-sum.js';
import type { WeightedSum } from './weighted-sum.js';

/** y[o] = bias[o] + sum over i of x[i] * weights[i][o]. */
export const dense: Operation<NoAttributes> = {
  name: 'dense',
  attributes: noAttributes,
  inputCount: { minimum: 1, maximum: 1 },
  constants: { weights: 'required', bias: 'optional' },
  factor: { role: 'weights', learned: true },
  infer(context) {
    const sum = describeDense(context);
    return { shape: [sum.outputChannels], ...inferWeightedSum(sum) };
  },
  prepare(context, typing, arithmetic) {
    const evaluate = prepareWeightedSum(describeDense(context), typing, arithmetic);
    return ([values]) => evaluate(values);
  },
  multiplications: ({ constants }) => constants.weights.raw.length,
};

/** A convolution with a 1x1 kernel on an image of one pixel. */
export function describeDense(context: NodeContext<NoAttributes>): WeightedSum {
  const { weights, bias } = context.constants;
  const [operand] = context.inputs;
  if (operand.shape.length !== 1) {
    throw new QfxError(
      layer(context.name),
      `input "${operand.name}" has shape ${describeShape(operand.shape)}, needed: [features] (put a flatten in between)`,
    );
  }
  const inputChannels = operand.shape[0];
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
    geometry: { input: [1, 1], kernel: [1, 1], strides: [1, 1], dilations: [1, 1], padding: [0, 0, 0, 0] },
    outputs: [1, 1],
    inputChannels,
    outputChannels,
    groups: 1,
  };
}
