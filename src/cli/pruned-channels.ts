import { prunedOf } from '../qfx/graph/prune-channels.js';
import type { Graph } from '../qfx/index.js';
import { count } from './format.js';
import { visible } from './visible.js';

/** How many channels freezing left out of layers with weights, by name, as the provenance of the graph says; of all other layers they follow. */
export function prunedChannels(graph: Graph): Record<string, number> {
  const pruned = prunedOf(graph);
  const counted = graph.nodes.filter(({ name, constants }) => {
    return Object.hasOwn(constants, 'weights') && Object.hasOwn(pruned, name);
  });
  return Object.fromEntries(counted.map(({ name }) => [name, pruned[name].length]));
}

/** For example `pruned channels: conv1 3 of 16, conv2 1 of 8`; nothing where there are none. */
export function describePruned(graph: Graph): string[] {
  const pruned = Object.entries(prunedChannels(graph)).map(([name, removed]) => {
    const { shape } = graph.nodes.find((node) => node.name === name) ?? { shape: [] };
    return `${visible(name)} ${count(removed)} of ${count(removed + (shape.at(-1) ?? 0))}`;
  });
  return pruned.length === 0 ? [] : [`pruned channels: ${pruned.join(', ')}`];
}
