import type { z } from 'zod';
import type { IntegerTensor } from '../number/raw-array.js';
import type { FixedPointFormat, TensorFormat, TensorType } from '../number/type.js';
import type { ChannelFlow } from './channels.js';
import type { Arithmetic, Scalars } from './scalars.js';

/** The operations that QFX brings along; every room keeps a record over these names. */
export const operationNames = [
  'input',
  'dense',
  'conv2d',
  'add',
  'batch-normalization',
  'relu',
  'max-pooling2d',
  'average-pooling2d',
  'global-average-pooling2d',
  'global-max-pooling2d',
  'flatten',
  'reshape',
  'concatenate',
  'requantize',
  'argmax',
  'subtract',
  'multiply',
  'maximum',
  'minimum',
  'prelu',
  'leaky-relu',
  'zero-padding2d',
  'up-sampling2d',
  'table',
  'softmax',
  'sign',
  'conv2d-transpose',
] as const;
export type OperationName = (typeof operationNames)[number];

/** What an operation knows of one of its inputs before any value exists. */
export interface OperandDescription {
  /** Name of the node it comes from. */
  readonly name: string;
  /** Without the batch, channels last. */
  readonly shape: readonly number[];
  /** The declared output format of that node. */
  readonly format: TensorFormat;
}

/** Everything that the meaning of a node depends on. */
export interface NodeContext<Attributes = unknown> {
  /** The node's name, for messages. */
  readonly name: string;
  readonly inputs: readonly OperandDescription[];
  readonly attributes: Attributes;
  readonly constants: Readonly<Record<string, IntegerTensor>>;
  /** What the node is declared to give. Only an input's values follow from it; an exact type never looks at it. */
  readonly outputType: TensorType | 'exact';
}

/** What an operation decides once for a node. */
export interface NodeTyping {
  /** Output shape without the batch, channels last. */
  readonly shape: readonly number[];
  /** The smallest format that holds 0, the exact result and every partial sum, for all inputs of the declared types. */
  readonly exactType: FixedPointFormat;
  /** Formats of further exact values inside the operation (for example the sum of an average), by name. */
  readonly intermediateTypes?: Readonly<Record<string, FixedPointFormat>>;
}

/**
 * The exact result of a node for the raw integers of its inputs (each in its declared format), before the node's cast:
 * raw integers at the exact type's binary point, row-major. May return one of the inputs itself, never change one.
 */
export type Evaluate = (inputs: readonly Scalars[]) => Scalars;

/**
 * The meaning of an operation: attributes, exact type rule, reference semantics, count of multiplications.
 * Said once, here; training and code generation read it.
 */
export interface Operation<Attributes = unknown> {
  readonly name: string;
  /** Strict: an unknown key is refused. Fully resolved values, no defaults: a graph says everything. */
  readonly attributes: z.ZodType<Attributes>;
  readonly inputCount: { readonly minimum: number; readonly maximum: number };
  /** The roles of its constant tensors. */
  readonly constants: Readonly<Record<string, 'required' | 'optional'>>;
  /**
   * The constant that values are multiplied with, where there is one. Products are shifts and additions where its format is
   * K-hot. One that is not learned follows from shapes, so that nobody can ask for it to be K-hot.
   */
  readonly factor?: { readonly role: string; readonly learned: boolean };
  /** Shape and exact type; throws QfxError naming the node for what it cannot take. */
  infer(context: NodeContext<Attributes>): NodeTyping;
  /** Does what can be done once per network (aligning weights), and returns what is to be done for each image. */
  prepare(context: NodeContext<Attributes>, typing: NodeTyping, arithmetic: Arithmetic): Evaluate;
  /** Products for one image, with constants or of two tensors (multiply-accumulates for dense and convolution). */
  multiplications(context: NodeContext<Attributes>, typing: NodeTyping): number;
  /**
   * How channels go through a node, so that some that nothing depends on can be left out; undefined where all of its inputs and of
   * its result have to stay, as without it.
   */
  channels?(context: NodeContext<Attributes>): ChannelFlow<Attributes> | undefined;
}

/** How messages name a node. */
export function layer(name: string): string {
  return `layer "${name}"`;
}

/** `[28, 28, 1]`, the way messages write a shape. */
export function describeShape(shape: readonly number[]): string {
  return `[${shape.join(', ')}]`;
}
