import { QfxError } from '../errors.js';
import type { IntegerTensor } from '../number/raw-array.js';
import { layer } from '../operations/operation.js';
import type { NodeContext } from '../operations/operation.js';
import type { Graph, GraphNode, NodeSpecification } from './graph.js';

/** What a node's operation is told of it, among nodes and tensors that were checked to be there. */
export function nodeContext(
  node: Pick<GraphNode, 'name' | 'inputs' | 'attributes' | 'constants'> & Pick<NodeSpecification, 'outputType'>,
  nodes: ReadonlyMap<string, GraphNode>,
  tensors: ReadonlyMap<string, IntegerTensor>,
): NodeContext {
  return {
    name: node.name,
    inputs: node.inputs.map((name) => {
      const { shape, outputType } = lookUp(nodes, name);
      return { name, shape, format: outputType };
    }),
    attributes: node.attributes,
    constants: Object.fromEntries(Object.entries(node.constants).map(([role, name]) => [role, lookUp(tensors, name)])),
    outputType: node.outputType,
  };
}

/** The node of this name; throws QfxError when there is none. */
export function findNode(graph: Graph, name: string): GraphNode {
  const node = graph.nodes.find((candidate) => candidate.name === name);
  if (node === undefined) throw new QfxError(`graph "${graph.name}"`, `it has no ${layer(name)}`);
  return node;
}

/** The contexts of all nodes of a graph, in their order. */
export function graphContexts(graph: Graph): { node: GraphNode; context: NodeContext }[] {
  const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
  const tensors = new Map(Object.entries(graph.tensors));
  return graph.nodes.map((node) => ({ node, context: nodeContext(node, nodes, tensors) }));
}

function lookUp<Value>(map: ReadonlyMap<string, Value>, name: string): Value {
  const value = map.get(name);
  if (value === undefined) throw new QfxError('graph', `"${name}" does not exist`);
  return value;
}
