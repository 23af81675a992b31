import type { Graph } from '../graph/graph.js';
import { connectionsOf, streamKey } from './connections.js';

/** What happens on the other ways from a connection's origin. */
export interface OtherWays {
  /** True when another way from the same node meets this one again. */
  readonly meet: boolean;
  /** Layers on other ways, up to where they meet this one. */
  readonly layers: number;
}

/** For each connection, by its key in a plan, what the other ways from the same node do. */
export function otherWays(graph: Graph): Map<string, OtherWays> {
  const connections = connectionsOf(graph);
  const reachable = reachableNodes(graph);
  const ways = new Map<string, OtherWays>();
  for (const connection of connections) {
    const own = reachable.get(connection.to)!;
    const siblings = connections.filter((other) => other !== connection && other.from === connection.from);
    const beyond = new Set(siblings.flatMap((other) => [...reachable.get(other.to)!]));
    const meetsOwn = (name: string) => [...reachable.get(name)!].some((later) => own.has(later));
    const layers = [...beyond].filter((name) => !own.has(name) && meetsOwn(name)).length;
    const meet = [...beyond].some((name) => own.has(name));
    const same = ways.get(streamKey(connection)) ?? { meet: false, layers: 0 };
    ways.set(streamKey(connection), { meet: meet || same.meet, layers: Math.max(layers, same.layers) });
  }
  return ways;
}

/** Nodes on a way that meets another one from the same node again, and those where they meet. */
export function nodesOnMeetingWays(graph: Graph): ReadonlySet<string> {
  const connections = connectionsOf(graph);
  const reachable = reachableNodes(graph);
  const found = new Set<string>();
  for (const connection of connections) {
    const own = reachable.get(connection.to)!;
    for (const sibling of connections) {
      if (sibling === connection || sibling.from !== connection.from) continue;
      const beyond = reachable.get(sibling.to)!;
      for (const { name, inputs } of graph.nodes) {
        if (!own.has(name) || ![...reachable.get(name)!].some((later) => beyond.has(later))) continue;
        const isBehind = inputs.every((input) => own.has(input) && beyond.has(input));
        if (!isBehind) found.add(name);
      }
    }
  }
  return found;
}

/** For each node itself and all nodes behind it. */
function reachableNodes(graph: Graph): Map<string, ReadonlySet<string>> {
  const reachable = new Map<string, Set<string>>(graph.nodes.map(({ name }) => [name, new Set([name])]));
  for (const { name, inputs } of [...graph.nodes].reverse()) {
    for (const input of inputs) for (const later of reachable.get(name)!) reachable.get(input)!.add(later);
  }
  return reachable;
}
