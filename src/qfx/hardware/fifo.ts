import type { Graph } from '../graph/graph.js';
import { elementCount } from '../number/shape.js';
import { connectionsOf, streamKey } from './connections.js';
import { buildDataflow, plainDepth } from './dataflow.js';
import type { Dataflow } from './dataflow.js';
import type { LayerLanes } from './lanes.js';
import { isOrderKnown } from './token-behaviour.js';
import { runTokens } from './token-run.js';
import { nodesOnMeetingWays, otherWays } from './ways.js';

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
 * Depths with which the words of an image pass, by key of a plan: the given ones, enlarged where they are too small. None
 * of the enlarged ones could be smaller, but for those around operations from outside of QFX. Where several streams would
 * do, the one grows that carries the fewest bits.
 */
export function sufficientDepths(
  graph: Graph,
  lanesOf: (node: string) => LayerLanes,
  given: (key: string) => number,
): Map<string, number> {
  const depths = new Map(
    connectionsOf(graph).map((connection) => [streamKey(connection), given(streamKey(connection))]),
  );
  // Without ways that meet again nothing can wait in a circle, whatever the depths.
  if (![...otherWays(graph).values()].some(({ meet }) => meet)) return depths;

  for (const [key, words] of wholeImages(graph, lanesOf)) depths.set(key, Math.max(words, depths.get(key)!));
  const smallestDepths = new Map(depths);
  const chosen = enlarge(buildDataflow(graph, lanesOf), depths);
  for (const key of chosen) {
    const passesWith = (depth: number) => passes(buildDataflow(graph, lanesOf), new Map(depths).set(key, depth));
    depths.set(key, smallest(passesWith, smallestDepths.get(key)!, depths.get(key)!));
  }
  return depths;
}

/**
 * Words of an image in the streams around operations from outside of QFX, where ways meet: in what order they read and
 * write is not known, so nobody must ever wait for them to read, nor they for anybody to take what they write.
 */
function wholeImages(graph: Graph, lanesOf: (node: string) => LayerLanes): Map<string, number> {
  const meeting = nodesOnMeetingWays(graph);
  const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
  const isFree = (name: string) => meeting.has(name) && !isOrderKnown(nodes.get(name)!);
  return new Map(
    connectionsOf(graph)
      .filter(({ from, to }) => isFree(from) || isFree(to))
      .map((connection) => {
        const { name, shape } = nodes.get(connection.from)!;
        return [streamKey(connection), elementCount(shape) / lanesOf(name).outputLanes];
      }),
  );
}

/**
 * Enlarges the depths, stream by stream and word by word, whenever all processes wait.
 * @returns keys that were chosen among several. Their growth may turn out to be needless once others have grown too; the
 * growth of all the others was the only way out.
 */
function enlarge(dataflow: Dataflow, depths: Map<string, number>): Set<string> {
  const { channels } = dataflow;
  const capacities = capacitiesOf(dataflow, depths);
  const chosen = new Set<string>();
  runTokens(dataflow, capacities, (full) => {
    const candidates = full.flatMap((index) => (channels[index].key === undefined ? [] : [channels[index]]));
    const { key } = candidates.reduce((best, channel) => (channel.traffic < best.traffic ? channel : best));
    if (candidates.some((channel) => channel.key !== key)) chosen.add(key!);
    const depth = depths.get(key!)! + 1;
    depths.set(key!, depth);
    channels.forEach((channel, index) => {
      if (channel.key === key) capacities[index] = depth;
    });
    return true;
  });
  return chosen;
}

function passes(dataflow: Dataflow, depths: ReadonlyMap<string, number>): boolean {
  return runTokens(dataflow, capacitiesOf(dataflow, depths), () => false);
}

function capacitiesOf({ channels }: Dataflow, depths: ReadonlyMap<string, number>): number[] {
  return channels.map(({ key }) => (key === undefined ? plainDepth : depths.get(key)!));
}

/** The smallest number from `low` to `high` that suffices; `high` does, and whatever is larger than one that does. */
function smallest(suffices: (value: number) => boolean, low: number, high: number): number {
  if (high === low || !suffices(high - 1)) return high;
  for (high--; low < high;) {
    const middle = Math.floor((low + high) / 2);
    if (suffices(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}
