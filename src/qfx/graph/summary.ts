import { spreadAt } from '../number/type.js';
import type { FixedPointFormat, TensorType } from '../number/type.js';
import type { IntegerTensor } from '../number/raw-array.js';
import { findOperation } from '../operations/index.js';
import { layer } from '../operations/operation.js';
import { graphContexts } from './context.js';
import type { Graph } from './graph.js';

/** What one node costs, for one image. */
export interface LayerSummary {
  readonly name: string;
  readonly operation: string;
  /** Output shape without the batch. */
  readonly shape: readonly number[];
  readonly exactType: FixedPointFormat;
  readonly outputType: TensorType;
  /** Multiplications by constants; multiply-accumulates for dense and convolution. */
  readonly multiplications: number;
  /** Elements of its constants. */
  readonly parameters: number;
  /** The sum of their word lengths. */
  readonly parameterBits: number;
}

export interface GraphSummary {
  readonly layers: readonly LayerSummary[];
  readonly multiplications: number;
  /** Of all tensors of the graph, one that several nodes share counted once. */
  readonly parameters: number;
  readonly parameterBits: number;
}

/** Multiplications, parameters and their bits, layer by layer and together. */
export function summarizeGraph(graph: Graph): GraphSummary {
  const layers = graphContexts(graph).map(({ node, context }): LayerSummary => {
    const constants = Object.values(context.constants);
    return {
      name: node.name,
      operation: node.operation,
      shape: node.shape,
      exactType: node.exactType,
      outputType: node.outputType,
      multiplications: findOperation(node.operation, layer(node.name)).multiplications(context, node),
      parameters: countParameters(constants),
      parameterBits: countBits(constants),
    };
  });
  const tensors = Object.values(graph.tensors);
  return {
    layers,
    multiplications: layers.reduce((sum, { multiplications }) => sum + multiplications, 0),
    parameters: countParameters(tensors),
    parameterBits: countBits(tensors),
  };
}

function countParameters(tensors: readonly IntegerTensor[]): number {
  return tensors.reduce((sum, { raw }) => sum + raw.length, 0);
}

function countBits(tensors: readonly IntegerTensor[]): number {
  let bits = 0;
  for (const { raw, shape, format } of tensors) {
    for (let index = 0; index < raw.length; index++) bits += spreadAt(format.wordLength, shape, index);
  }
  return bits;
}
