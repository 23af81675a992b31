import type { IntegerTensor } from '../number/raw-array.js';
import { channelCount } from '../number/shape.js';
import { takeIndices } from '../number/take.js';
import type { NodeContext } from './operation.js';

/** The channels, indices of the last axis, that remain of a node's inputs and of its result; ascending. */
export interface KeptChannels {
  readonly inputs: readonly (readonly number[])[];
  readonly output: readonly number[];
}

/** What becomes of a node where channels go: attributes and constants that are others then. */
export interface KeptParts<Attributes> {
  readonly attributes?: Attributes;
  readonly constants?: Readonly<Record<string, IntegerTensor>>;
}

/** How the channels of a node's inputs make those of its result. */
export type ChannelFlow<Attributes = unknown> = TiedChannels<Attributes> | SummedChannels<Attributes>;

/** Channels of the result are made of certain channels of the inputs, and go only together with them. */
export interface TiedChannels<Attributes = unknown> {
  readonly kind: 'tied';
  /** A number for each channel of each input and of the result: those of one number stay or go together. */
  readonly ties: KeptChannels;
  /** Whether a channel of the result is the same for all inputs; default: none is. */
  isConstant?(channel: number): boolean;
  /** The type of its input may not change, not even to a shorter one that holds all of the values. */
  readonly needsInputType?: boolean;
  /** The node of the channels that remain. */
  keep(kept: KeptChannels): KeptParts<Attributes>;
}

/** Channels of the result are sums of products of channels of the one input, and a bias: the constant `bias`, if there is one. */
export interface SummedChannels<Attributes = unknown> {
  readonly kind: 'summed';
  /** Whether a channel of the input has any weight in a channel of the result. */
  reads(input: number, output: number): boolean;
  /** Every value of the result is a sum over all of the weights, so that a channel of equal values adds the same everywhere. */
  readonly isUniform: boolean;
  keep(kept: KeptChannels): KeptParts<Attributes>;
}

/**
 * Each channel of the result is made of the same channel of every input.
 * @param perChannel roles of the constants that have an element for each channel
 */
export function sameChannels(
  { inputs, constants }: Pick<NodeContext, 'inputs' | 'constants'>,
  perChannel: readonly string[] = [],
): TiedChannels<never> {
  const channels = indicesTo(channelCount(inputs[0].shape));
  return {
    kind: 'tied',
    ties: { inputs: inputs.map(() => channels), output: channels },
    keep: ({ output }) => ({
      constants: Object.fromEntries(perChannel.map((role) => [role, takeIndices(constants[role], 0, output)])),
    }),
  };
}

/**
 * The channels of weights [..., inputs, outputs] and of a bias, summed.
 * @param isUniform see `SummedChannels`
 */
export function summedChannels(
  { weights, bias }: Readonly<Record<string, IntegerTensor | undefined>> & { readonly weights: IntegerTensor },
  isUniform: boolean,
): SummedChannels<never> {
  const { raw, shape } = weights;
  const [inputAxis, outputAxis] = [shape.length - 2, shape.length - 1];
  const [inputs, outputs] = [shape[inputAxis], shape[outputAxis]];
  const read = new Uint8Array(inputs * outputs);
  for (let index = 0; index < raw.length; index++) if (raw[index]) read[index % read.length] = 1;
  return {
    kind: 'summed',
    isUniform,
    reads: (input, output) => read[input * outputs + output] === 1,
    keep: (kept) => ({
      constants: {
        weights: takeIndices(takeIndices(weights, inputAxis, kept.inputs[0]), outputAxis, kept.output),
        ...(bias && { bias: takeIndices(bias, 0, kept.output) }),
      },
    }),
  };
}

/** 0 to before `end`. */
export function indicesTo(end: number): number[] {
  return Array.from({ length: end }, (_, index) => index);
}
