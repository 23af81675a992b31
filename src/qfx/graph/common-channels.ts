import type { IntegerTensor } from '../number/raw-array.js';
import { channelCount } from '../number/shape.js';
import { indicesTo } from '../operations/channels.js';
import { flowNodes } from './channel-flows.js';
import type { FlowNode } from './channel-flows.js';
import type { Graph } from './graph.js';
import { equalJson } from './json.js';
import { prunedOf } from './prune-channels.js';

type Constants = Readonly<Record<string, IntegerTensor>>;

/** What two graphs have in common of a node that may have lost channels in either. */
export interface CommonChannels {
  /** Of its own channels those that the one and the other graph left out, by their indices before. */
  readonly pruned: readonly [a: readonly number[], b: readonly number[]];
  /** Its constants by role in the one and the other graph, of the channels that both have. */
  readonly constants: readonly [a: Constants, b: Constants];
}

/** A graph whose provenance says which channels were left out. */
interface Side {
  readonly nodes: ReadonlyMap<string, FlowNode>;
  readonly pruned: Readonly<Record<string, readonly number[]>>;
}

/**
 * Matches the channels of two graphs by what their provenance says about pruning.
 * @returns for the name of a node that both have what remains in both; undefined where both lost the same, or that cannot be told
 */
export function commonChannels(a: Graph, b: Graph): (name: string) => CommonChannels | undefined {
  const [prunedA, prunedB] = [prunedOf(a), prunedOf(b)];
  if (equalJson(prunedA, prunedB)) return () => undefined;
  const [sideA, sideB] = [sideOf(a, prunedA), sideOf(b, prunedB)];
  return (name) => {
    const [ofA, ofB] = [take(name, sideA, sideB), take(name, sideB, sideA)];
    if (ofA === undefined || ofB === undefined) return undefined;
    return { pruned: [leftOut(name, sideA), leftOut(name, sideB)], constants: [ofA, ofB] };
  };
}

function sideOf(graph: Graph, pruned: Side['pruned']): Side {
  return { nodes: new Map(flowNodes(graph).map((one) => [one.node.name, one])), pruned };
}

/** The constants of a node with the channels that the other graph has, too; undefined where channels have no way through it. */
function take(name: string, own: Side, other: Side): Constants | undefined {
  const { node, context, flow } = own.nodes.get(name)!;
  const kept = { inputs: node.inputs.map((input) => common(input, own, other)), output: common(name, own, other) };
  return flow && { ...context.constants, ...flow.keep(kept).constants };
}

/** Where a node has the channels that the other graph has, too: all of them where the two do not fit together. */
function common(name: string, own: Side, other: Side): number[] {
  const [ours, theirs] = [channelsBefore(name, own), channelsBefore(name, other)];
  const isShared = new Set(ours.before === theirs.before ? theirs.remaining : ours.remaining);
  return ours.remaining.flatMap((channel, index) => (isShared.has(channel) ? [index] : []));
}

/** How many channels a node had before some were left out, and which of them remain. */
function channelsBefore(name: string, side: Side): { readonly before: number; readonly remaining: readonly number[] } {
  const left = new Set(leftOut(name, side));
  const shape = side.nodes.get(name)?.node.shape ?? [0];
  const before = channelCount(shape) + left.size;
  return { before, remaining: indicesTo(before).filter((channel) => !left.has(channel)) };
}

function leftOut(name: string, { pruned }: Side): readonly number[] {
  return Object.hasOwn(pruned, name) ? pruned[name] : [];
}
