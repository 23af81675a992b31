import { buildGraph } from '../graph/build.js';
import { hasCast } from '../graph/has-cast.js';
import type { Graph, GraphNode, NodeSpecification } from '../graph/graph.js';

/** A graph that shows values in front of casts, too. */
export interface ExposedGraph {
  /** Computes the same under the same names, and each exact value in front of a cast under one more. */
  readonly graph: Graph;
  /** The name of a node to that of its exact value; nodes without a cast are left out. */
  readonly exactNames: ReadonlyMap<string, string>;
}

/**
 * Splits each node with a cast into one with the exact result and one that casts it, so that any executor gives both.
 * @throws QfxError where that makes more values than a graph may have
 */
export function exposeExactValues(graph: Graph): ExposedGraph {
  const taken = new Set(graph.nodes.map(({ name }) => name));
  const exactNames = new Map<string, string>();
  const nodes = graph.nodes.flatMap((node, index): NodeSpecification[] => {
    if (!hasCast(node)) return [specify(node)];
    let name = `exact ${index}`;
    while (taken.has(name)) name += "'";
    taken.add(name);
    exactNames.set(node.name, name);
    return [
      { ...specify(node), name, outputType: 'exact' },
      { name: node.name, operation: 'requantize', inputs: [name], outputType: node.outputType },
    ];
  });
  return { graph: buildGraph({ ...graph, nodes }), exactNames };
}

/**
 * The graph without the cast of one node: what follows gets its exact values, and has its own exact types found anew.
 * @throws QfxError naming the node whose exact type would be wider than 64 bits
 */
export function withoutCast(graph: Graph, name: string): Graph {
  const nodes = graph.nodes.map((node): NodeSpecification => {
    return node.name === name ? { ...specify(node), outputType: 'exact' } : specify(node);
  });
  return buildGraph({ ...graph, nodes });
}

/** What a caller would have to say of a node to get it again. */
function specify({ name, operation, inputs, attributes, constants, outputType }: GraphNode): NodeSpecification {
  return { name, operation, inputs, attributes, constants, outputType };
}
