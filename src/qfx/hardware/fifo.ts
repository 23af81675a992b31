import type { Graph } from '../graph/graph.js';
import { connectionsOf, streamKey } from './connections.js';
import { buildDataflow, plainDepth } from './dataflow.js';
import type { LayerLanes } from './lanes.js';
import { runTokens } from './token-run.js';
import { otherWays } from './ways.js';

/**
 * Where the ways behind a fork meet again, the shorter way must hold what the fork emits until the longer one has seen
 * enough to answer: too small a FIFO stops the design for ever. Depths are found by letting the words of one image run
 * through the dataflow, every process reading and writing in the order of its C++, as soon as its streams allow it.
 */
export interface StreamDepth {
  /** The smallest depth (2 or more) with which the words of an image pass. */
  readonly minimum: number;
  /**
   * The minimum and a margin. A word isn't visible behind a pipelined loop while it is in the pipeline, and such a loop
   * stops as a whole while it waits. So each layer on the other ways may hold back as many words as its pipeline has stages.
   */
  readonly depth: number;
}

/** Stages of a pipelined loop that the margin counts for each layer on the other ways. */
const pipelineStages = 16;

/** Depths of all connections between layers, by their keys in a plan. */
export function streamDepths(graph: Graph, lanesOf: (node: string) => LayerLanes): Map<string, StreamDepth> {
  const ways = otherWays(graph);
  const minimums = sufficientDepths(graph, lanesOf, () => plainDepth);
  return new Map(
    [...minimums].map(([key, minimum]) => [key, { minimum, depth: minimum + pipelineStages * ways.get(key)!.layers }]),
  );
}

/**
 * Depths with which the words of an image pass, by key of a plan: the given ones, enlarged where they are too small.
 * Where several streams would do, the one grows that carries the fewest bits.
 */
export function sufficientDepths(
  graph: Graph,
  lanesOf: (node: string) => LayerLanes,
  given: (key: string) => number,
): Map<string, number> {
  const keys = connectionsOf(graph).map(streamKey);
  const depths = new Map(keys.map((key) => [key, given(key)]));
  // Without ways that meet again nothing can wait in a circle, whatever the depths.
  if (![...otherWays(graph).values()].some(({ meet }) => meet)) return depths;

  const dataflow = buildDataflow(graph, lanesOf);
  const { channels } = dataflow;
  const capacities = channels.map(({ key }) => (key === undefined ? plainDepth : depths.get(key)!));
  runTokens(dataflow, capacities, (full) => {
    const planned = full.filter((channel) => channels[channel].key !== undefined);
    const cheapest = planned.reduce((best, channel) =>
      channels[channel].traffic < channels[best].traffic ? channel : best,
    );
    const { key } = channels[cheapest];
    const depth = capacities[cheapest] + 1;
    depths.set(key!, depth);
    channels.forEach((channel, index) => {
      if (channel.key === key) capacities[index] = depth;
    });
    return true;
  });
  return depths;
}
