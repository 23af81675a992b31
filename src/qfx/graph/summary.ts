import { spreadAt } from '../number/type.js';
import type { FixedPointFormat, TensorType } from '../number/type.js';
import type { IntegerTensor } from '../number/raw-array.js';
import { costOfProducts } from './bit-operations.js';
import { graphContexts } from './context.js';
import type { Graph } from './graph.js';
import { countProducts, shiftedProducts } from './products.js';

/** What one node costs, for one image. */
export interface LayerSummary {
  readonly name: string;
  readonly operation: string;
  /** Output shape without the batch. */
  readonly shape: readonly number[];
  readonly exactType: FixedPointFormat;
  readonly outputType: TensorType;
  /** Products of values with constants; multiply-accumulates for dense and convolution. */
  readonly products: number;
  /** Those of them that are multiplications: all, or none where constants are K-hot. */
  readonly multiplications: number;
  /** Shifted values that make the other ones up, each to be added or subtracted: K a product. */
  readonly shiftAdds: number;
  /** Additions that remain of them where every weight has hardware of its own, in which zeros take none; see `costOfProducts`. */
  readonly adders: number;
  /** Of dense layers and convolutions; see `costOfProducts`. */
  readonly bitOperations: number;
  /** Elements of its constants. */
  readonly parameters: number;
  /** The sum of their word lengths. */
  readonly parameterBits: number;
}

export interface GraphSummary {
  readonly layers: readonly LayerSummary[];
  readonly products: number;
  readonly multiplications: number;
  readonly shiftAdds: number;
  readonly adders: number;
  readonly bitOperations: number;
  /** Of all tensors of the graph, one that several nodes share counted once. */
  readonly parameters: number;
  readonly parameterBits: number;
}

/** Products, parameters and their bits, layer by layer and together. */
export function summarizeGraph(graph: Graph): GraphSummary {
  const shifted = shiftedProducts(graph);
  const layers = graphContexts(graph).map(({ node, context }): LayerSummary => {
    const constants = Object.values(context.constants);
    const products = countProducts(node, context);
    const kHot = shifted.get(node.name);
    return {
      name: node.name,
      operation: node.operation,
      shape: node.shape,
      exactType: node.exactType,
      outputType: node.outputType,
      products,
      multiplications: kHot ? 0 : products,
      shiftAdds: kHot ? kHot.terms * products : 0,
      ...costOfProducts(node, context),
      parameters: countParameters(constants),
      parameterBits: countBits(constants),
    };
  });
  const tensors = Object.values(graph.tensors);
  const total = (key: 'products' | 'multiplications' | 'shiftAdds' | 'adders' | 'bitOperations') =>
    layers.reduce((sum, summary) => sum + summary[key], 0);
  return {
    layers,
    products: total('products'),
    multiplications: total('multiplications'),
    shiftAdds: total('shiftAdds'),
    adders: total('adders'),
    bitOperations: total('bitOperations'),
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
