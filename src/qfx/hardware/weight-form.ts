import type { Graph, GraphNode } from '../graph/graph.js';
import { factorSet, shiftedProducts } from '../graph/products.js';
import { findOperation } from '../operations/index.js';
import { layer } from '../operations/operation.js';

/**
 * How a layer's products with constants are made. `multipliers`: the constants are read from memory as they are. `shifters`:
 * they are read as a sign and exponents, and products are shifts and additions. `adder-graph`: they are the wires between
 * adders that compute all outputs of a position at once, of dense layers and convolutions.
 */
export const weightForms = ['multipliers', 'shifters', 'adder-graph'] as const;
export type WeightForm = (typeof weightForms)[number];

/** Weights other than 0 of an adder graph: it is laid out as a whole, an adder or more for each of them. */
const maximumAdderGraphWeights = 4096;

/** The form for every node that has products with constants: shifters wherever they are possible and pay. */
export function chooseWeightForms(graph: Graph): Map<string, WeightForm> {
  const shifted = shiftedProducts(graph);
  const multiplying = graph.nodes.filter(hasFactor);
  return new Map(multiplying.map(({ name }) => [name, shifted.has(name) ? 'shifters' : 'multipliers']));
}

/** What is wrong with the form that a plan gives a node, or undefined. */
export function weightFormProblem(node: GraphNode, graph: Graph, form: WeightForm | undefined): string | undefined {
  if (form === undefined) return undefined;
  if (!hasFactor(node)) return `weights is "${form}", and it has no constants to multiply with`;
  if (form === 'adder-graph') return adderGraphProblem(node, graph);
  if (form === 'multipliers' || factorSet(node, graph.tensors)) return undefined;
  return 'weights is "shifters", and its constants are not K-hot';
}

/**
 * The form for every node that has products with constants.
 * @param layers what the plan says, by node; where it says nothing, the default
 */
export function weightFormsOf(
  graph: Graph,
  layers: Readonly<Record<string, { readonly weights?: WeightForm }>>,
): Map<string, WeightForm> {
  return new Map([...chooseWeightForms(graph)].map(([name, form]) => [name, layers[name].weights ?? form]));
}

function adderGraphProblem({ operation, constants }: GraphNode, graph: Graph): string | undefined {
  if (operation !== 'dense' && operation !== 'conv2d') {
    return 'weights is "adder-graph", which only dense layers and convolutions can have';
  }
  const { raw } = graph.tensors[constants.weights];
  let count = 0;
  for (const value of raw) if (Number(value) !== 0) count++;
  if (count <= maximumAdderGraphWeights) return undefined;
  return `weights is "adder-graph", and ${count} of its weights are not 0; allowed: at most ${maximumAdderGraphWeights}`;
}

function hasFactor({ operation, name }: GraphNode): boolean {
  return findOperation(operation, layer(name)).factor !== undefined;
}
