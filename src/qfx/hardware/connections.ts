import type { Graph } from '../graph/graph.js';

/** One way from a node to a node that reads it; a node that reads another one twice has two. */
export interface Connection {
  readonly from: string;
  readonly to: string;
  /** Which of the reader's inputs it is. */
  readonly operand: number;
}

/** All connections between nodes, by reader and operand. */
export function connectionsOf(graph: Graph): Connection[] {
  return graph.nodes.flatMap(({ name, inputs }) => inputs.map((from, operand) => ({ from, to: name, operand })));
}

/** The key of a connection in a plan's `streams`. Connections that share a key share their depth. */
export function streamKey({ from, to }: Pick<Connection, 'from' | 'to'>): string {
  return `${from}->${to}`;
}
