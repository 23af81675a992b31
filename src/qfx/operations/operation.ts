import type { z } from 'zod';
import type { JsonObject } from '../graph/graph.js';
import type { IntegerTensor, RawArray } from '../number/raw-array.js';
import type { FixedPointFormat, TensorFormat } from '../number/type.js';

/** What an operation knows of one of its inputs before any value exists. */
export interface OperandDescription {
  /** Name of the node it comes from. */
  readonly name: string;
  readonly shape: readonly number[];
  /** The declared output format of that node. */
  readonly format: TensorFormat;
}

/** Everything that the meaning of a node depends on. */
export interface NodeContext<Attributes> {
  /** The node's name, for messages. */
  readonly name: string;
  readonly inputs: readonly OperandDescription[];
  readonly attributes: Attributes;
  readonly constants: Readonly<Record<string, IntegerTensor>>;
}

/** What an operation decides once for a node. */
export interface NodeTyping {
  readonly shape: readonly number[];
  readonly exactType: FixedPointFormat;
  readonly intermediateTypes?: Readonly<Record<string, FixedPointFormat>>;
}

/**
 * The meaning of an operation: attributes, exact type rule, reference semantics, count of multiplications.
 * Said once, here; training and code generation read it.
 */
export interface Operation<Attributes = JsonObject> {
  readonly name: string;
  /** Strict: an unknown key is refused. */
  readonly attributes: z.ZodType<Attributes>;
  readonly inputCount: { readonly minimum: number; readonly maximum: number };
  /** The roles of its constant tensors. */
  readonly constants: Readonly<Record<string, 'required' | 'optional'>>;
  /** Shape and exact type; throws QfxError naming the node for what it cannot take. */
  infer(context: NodeContext<Attributes>): NodeTyping;
  /**
   * The exact result, raw integers at `typing.exactType.binaryPoint`, before the node's cast.
   * `inputs` are the values of the operands, in their declared formats.
   */
  evaluate(context: NodeContext<Attributes>, typing: NodeTyping, inputs: readonly IntegerTensor[]): RawArray;
  /** Multiplications by constants for one input (multiply-accumulates for dense and convolution). */
  multiplications(context: NodeContext<Attributes>, typing: NodeTyping): number;
}
