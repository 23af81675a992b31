import { channelCount } from '../number/shape.js';
import { indicesTo } from '../operations/channels.js';
import type { FlowNode } from './channel-flows.js';
import type { ConstantChannels } from './constant-channels.js';
import { DisjointSets } from './disjoint-sets.js';

/**
 * The channels of each node that a graph cannot do without, ascending, at least one a node: those of inputs, outputs and nodes
 * without a flow; those with a weight other than 0 in one that is needed, unless they are constant and a bias can stand for them;
 * and those that are tied to such.
 */
export function neededChannels(
  outputs: readonly string[],
  nodes: readonly FlowNode[],
  kinds: ConstantChannels['kinds'],
): Map<string, number[]> {
  const places = new ChannelPlaces(nodes);
  const needed = new Set<number>();
  const pending: number[] = [];
  const need = (name: string, channel: number) => {
    const group = places.groupOf(name, channel);
    if (needed.has(group)) return;
    needed.add(group);
    pending.push(group);
  };
  const needAll = (name: string) => places.channelsOf(name).forEach((channel) => need(name, channel));
  const follow = () => {
    for (let group = pending.pop(); group !== undefined; group = pending.pop()) {
      for (const { flowNode, channel } of places.membersOf(group)) {
        for (const input of summandsOf(flowNode, channel, kinds)) need(flowNode.node.inputs[0], input);
      }
    }
  };
  for (const { node, flow } of nodes) {
    if (flow !== undefined && !outputs.includes(node.name)) continue;
    needAll(node.name);
    if (flow === undefined) node.inputs.forEach(needAll);
  }
  follow();
  const neededOf = (name: string) =>
    places.channelsOf(name).filter((channel) => needed.has(places.groupOf(name, channel)));
  // From the last node on, since what is kept of one may need channels of those before it.
  for (const { node } of [...nodes].reverse()) {
    if (neededOf(node.name).length > 0) continue;
    // A constant one, if there is one: it needs the fewest.
    const constant = (kinds.get(node.name) ?? []).findIndex((kind) => kind !== undefined);
    need(node.name, Math.max(constant, 0));
    follow();
  }
  return new Map(nodes.map(({ node }) => [node.name, neededOf(node.name)]));
}

/** The channels of its input that a channel of a sum cannot do without. */
function summandsOf({ node, flow }: FlowNode, output: number, kinds: ConstantChannels['kinds']): number[] {
  if (flow?.kind !== 'summed') return [];
  const inputs = kinds.get(node.inputs[0]) ?? [];
  return [...inputs.keys()].filter((input) => {
    const kind = inputs[input];
    const isConstant = kind === 'zero' || (kind === 'uniform' && flow.isUniform);
    return !isConstant && flow.reads(input, output);
  });
}

/** All channels of all nodes, in groups of those that stay or go together. */
class ChannelPlaces {
  private readonly first = new Map<string, number>();
  private readonly counts = new Map<string, number>();
  private readonly sets: DisjointSets;
  private readonly members = new Map<number, { readonly flowNode: FlowNode; readonly channel: number }[]>();

  constructor(nodes: readonly FlowNode[]) {
    let count = 0;
    for (const flowNode of nodes) {
      const { name, shape } = flowNode.node;
      this.first.set(name, count);
      this.counts.set(name, channelCount(shape));
      count += channelCount(shape);
    }
    this.sets = new DisjointSets(count);
    for (const flowNode of nodes) this.tie(flowNode);
    for (const flowNode of nodes) {
      const { name } = flowNode.node;
      for (const channel of this.channelsOf(name)) {
        const group = this.groupOf(name, channel);
        const members = this.members.get(group) ?? [];
        members.push({ flowNode, channel });
        this.members.set(group, members);
      }
    }
  }

  channelsOf(name: string): number[] {
    return indicesTo(this.counts.get(name) ?? 0);
  }

  groupOf(name: string, channel: number): number {
    return this.sets.find((this.first.get(name) ?? 0) + channel);
  }

  membersOf(group: number): readonly { readonly flowNode: FlowNode; readonly channel: number }[] {
    return this.members.get(group) ?? [];
  }

  private tie({ node, flow }: FlowNode): void {
    if (flow?.kind !== 'tied') return;
    const places = new Map<number, number>();
    const join = (name: string, ties: readonly number[]) => {
      ties.forEach((tie, channel) => {
        const place = (this.first.get(name) ?? 0) + channel;
        const other = places.get(tie);
        if (other === undefined) places.set(tie, place);
        else this.sets.join(other, place);
      });
    };
    join(node.name, flow.ties.output);
    node.inputs.forEach((name, index) => join(name, flow.ties.inputs[index]));
  }
}
