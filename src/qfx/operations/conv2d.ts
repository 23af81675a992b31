import { z } from 'zod';
import { QfxError } from '../errors.js';
import { indicesTo, summedChannels } from './channels.js';
import type { TiedChannels } from './channels.js';
import { paddingAmounts, positiveInteger, positivePair, requireConstantShape, requireImage } from './checks.js';
import { elementCount } from '../number/shape.js';
import { takeIndices } from '../number/take.js';
import { describeShape, layer } from './operation.js';
import type { NodeContext, Operation } from './operation.js';
import { inferWeightedSum, prepareWeightedSum } from './weighted-sum.js';
import type { WeightedSum } from './weighted-sum.js';
import { windowOutputs } from './window.js';

const attributes = z.strictObject({
  strides: positivePair,
  dilations: positivePair,
  padding: paddingAmounts,
  groups: positiveInteger,
});
export type Conv2dAttributes = z.infer<typeof attributes>;

/**
 * Two-dimensional convolution of [height, width, channels] with weights [kernelHeight, kernelWidth, channels / groups, outputs]
 * and padding by zeros. Depthwise is groups = channels.
 */
export const conv2d: Operation<Conv2dAttributes> = {
  name: 'conv2d',
  attributes,
  inputCount: { minimum: 1, maximum: 1 },
  constants: { weights: 'required', bias: 'optional' },
  factor: { role: 'weights', learned: true },
  infer(context) {
    const sum = describeConvolution(context);
    return { shape: [...sum.outputs, sum.outputChannels], ...inferWeightedSum(sum) };
  },
  prepare(context, typing, arithmetic) {
    const evaluate = prepareWeightedSum(describeConvolution(context), typing, arithmetic);
    return ([values]) => evaluate(values);
  },
  multiplications: ({ constants: { weights } }, { shape }) => elementCount(shape.slice(0, 2)) * weights.raw.length,
  channels(context) {
    const { weights, bias } = context.constants;
    const { groups, padding } = context.attributes;
    if (groups === 1)
      return summedChannels(
        { weights, bias },
        padding.every((amount) => amount === 0),
      );
    return weights.shape[2] === 1 ? depthwiseChannels(context) : undefined;
  },
};

/** Each channel has results of its own. */
function depthwiseChannels(context: NodeContext<Conv2dAttributes>): TiedChannels<Conv2dAttributes> {
  const { attributes, constants } = context;
  const { weights, bias } = constants;
  const channels = attributes.groups;
  const outputs = weights.shape[3];
  const read = new Set<number>();
  for (let index = 0; index < weights.raw.length; index++) if (weights.raw[index]) read.add(index % outputs);
  return {
    kind: 'tied',
    ties: {
      inputs: [indicesTo(channels)],
      output: indicesTo(outputs).map((output) => Math.floor((output * channels) / outputs)),
    },
    isConstant: (output) => !read.has(output),
    keep: ({ inputs: [kept], output }) => ({
      attributes: { ...attributes, groups: kept.length },
      constants: { weights: takeIndices(weights, 3, output), ...(bias && { bias: takeIndices(bias, 0, output) }) },
    }),
  };
}

/** A convolution as the weighted sums that it is; throws QfxError for shapes that do not fit. */
export function describeConvolution(context: NodeContext<Conv2dAttributes>): WeightedSum {
  const { weights, bias } = context.constants;
  const { strides, dilations, padding, groups } = context.attributes;
  const [height, width, inputChannels] = requireImage(context);
  const [kernelHeight, kernelWidth, groupInputs, outputChannels] = weights.shape;
  if (inputChannels % groups !== 0) {
    throw new QfxError(
      layer(context.name),
      `groups is ${groups}, which doesn't divide the ${inputChannels} input channels`,
    );
  }
  if (weights.shape.length !== 4 || groupInputs !== inputChannels / groups) {
    const needed = `[kernelHeight, kernelWidth, ${inputChannels / groups}, outputs]`;
    throw new QfxError(layer(context.name), `weights have shape ${describeShape(weights.shape)}, needed: ${needed}`);
  }
  if (outputChannels % groups !== 0) {
    throw new QfxError(
      layer(context.name),
      `groups is ${groups}, which doesn't divide the ${outputChannels} output channels`,
    );
  }
  if (bias) requireConstantShape(context, 'bias', bias, [outputChannels]);
  const geometry = {
    input: [height, width],
    kernel: [kernelHeight, kernelWidth],
    strides,
    dilations,
    padding,
  } as const;
  return {
    operand: context.inputs[0],
    weights,
    bias,
    geometry,
    outputs: windowOutputs(geometry, layer(context.name)),
    inputChannels,
    outputChannels,
    groups,
  };
}
