import type { FixedPointFormat, TensorType } from '../number/type.js';
import type { IntegerTensor } from '../number/raw-array.js';

/** Anything JSON can carry. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** What a caller says of a node; everything else is derived once, by `buildGraph`. */
export interface NodeSpecification {
  /** Unique in the graph; any non-empty text of at most 200 characters. */
  readonly name: string;
  /** The name of an operation, for example `conv2d`. */
  readonly operation: string;
  /** Names of earlier nodes. */
  readonly inputs: readonly string[];
  /** Defaults to `{}`. Checked by the operation; an unknown key is an error. */
  readonly attributes?: JsonObject;
  /** Role (`weights`, `bias`, ...) to the name of a tensor of the graph. Defaults to `{}`. */
  readonly constants?: Readonly<Record<string, string>>;
  /** The cast at the node's output; `'exact'` keeps the exact result type (no cast). */
  readonly outputType: TensorType | 'exact';
}

/** A node with its types and shape decided. */
export interface GraphNode {
  readonly name: string;
  readonly operation: string;
  readonly inputs: readonly string[];
  readonly attributes: JsonObject;
  readonly constants: Readonly<Record<string, string>>;
  /** Output shape without the batch, channels last. */
  readonly shape: readonly number[];
  /** The smallest format that holds 0, the exact result and every partial sum, for all inputs of the declared types. */
  readonly exactType: FixedPointFormat;
  /** Formats of exact values inside the operation (for example the sum of an average), by name. */
  readonly intermediateTypes: Readonly<Record<string, FixedPointFormat>>;
  /** The declared type of the node's output; the cast from `exactType` to it belongs to the node. */
  readonly outputType: TensorType;
}

/** The contract between training and hardware: integers and exact types only. Immutable. */
export interface Graph {
  readonly name: string;
  /** In topological order: inputs come before their users. */
  readonly nodes: readonly GraphNode[];
  /** Names of the nodes whose values are the network's results. */
  readonly outputs: readonly string[];
  /** Constants by name. */
  readonly tensors: Readonly<Record<string, IntegerTensor>>;
  /** Where the graph comes from: version, seed, configuration, checksum of the data, accuracy, parent file. */
  readonly provenance: JsonObject;
}

export interface GraphSpecification {
  readonly name: string;
  readonly nodes: readonly NodeSpecification[];
  readonly outputs: readonly string[];
  readonly tensors?: Readonly<Record<string, IntegerTensor>>;
  readonly provenance?: JsonObject;
}
