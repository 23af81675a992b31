import { findOperation } from '../operations/index.js';
import type { ChannelFlow } from '../operations/channels.js';
import { layer } from '../operations/operation.js';
import type { NodeContext } from '../operations/operation.js';
import { graphContexts } from './context.js';
import type { Graph, GraphNode } from './graph.js';

/** A node and how channels go through it; no flow where all of its inputs and of its result have to stay. */
export interface FlowNode {
  readonly node: GraphNode;
  readonly context: NodeContext;
  readonly flow: ChannelFlow | undefined;
}

/** The nodes of a graph, in their order. One that shares a constant has no flow: what it leaves of it would not suit the others. */
export function flowNodes(graph: Graph): FlowNode[] {
  const users = new Map<string, number>();
  for (const { constants } of graph.nodes) {
    for (const tensor of Object.values(constants)) users.set(tensor, (users.get(tensor) ?? 0) + 1);
  }
  return graphContexts(graph).map(({ node, context }) => {
    const isShared = Object.values(node.constants).some((tensor) => users.get(tensor) !== 1);
    const operation = findOperation(node.operation, layer(node.name));
    return { node, context, flow: isShared ? undefined : operation.channels?.(context) };
  });
}
