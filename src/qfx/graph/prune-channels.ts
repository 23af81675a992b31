import { z } from 'zod';
import type { IntegerTensor } from '../number/raw-array.js';
import { channelCount } from '../number/shape.js';
import { takeFormats } from '../number/take.js';
import { indicesTo } from '../operations/channels.js';
import { buildGraph } from './build.js';
import { flowNodes } from './channel-flows.js';
import type { FlowNode } from './channel-flows.js';
import { constantBias } from './constant-bias.js';
import { constantChannels } from './constant-channels.js';
import type { Graph, GraphNode, GraphSpecification, JsonObject, NodeSpecification } from './graph.js';
import { hasCast } from './has-cast.js';
import { neededChannels } from './needed-channels.js';

/** A graph without the channels that nothing depends on. */
export interface PrunedGraph {
  readonly graph: Graph;
  /** Of each node that lost channels those that remain, by their indices before; ascending. */
  readonly kept: ReadonlyMap<string, readonly number[]>;
}

/**
 * Leaves out channels that no output depends on, because all weights that they meet are 0, and channels that are the same for every
 * input, where biases can stand for them. Raw integers of all that remains are the same as before: declared types stay, and exact
 * ones become at most shorter at the same binary point. Inputs and outputs keep their shapes and types, every node keeps at least
 * one channel. Provenance says what is left out, in `pruned`: by layer the indices of its channels.
 */
export function pruneChannels(graph: Graph): PrunedGraph {
  const nodes = flowNodes(graph);
  const constants = constantChannels(graph, nodes);
  const needed = neededChannels(graph.outputs, nodes, constants.kinds);
  const keptOf = (name: string) => needed.get(name) ?? [];
  const lost = graph.nodes.filter(({ name, shape }) => keptOf(name).length < channelCount(shape));
  if (lost.length === 0) return { graph, kept: new Map() };

  const tensors: Record<string, IntegerTensor> = { ...graph.tensors };
  const specifications = nodes.map((flowNode) => keepChannels(flowNode, keptOf, constants.values, tensors));
  const pruned = Object.fromEntries(lost.map(({ name, shape }) => [name, others(keptOf(name), channelCount(shape))]));
  const provenance = { ...graph.provenance, pruned };
  return {
    graph: rebuild(graph, nodes, { ...graph, nodes: specifications, tensors, provenance }),
    kept: new Map(lost.map(({ name }) => [name, keptOf(name)])),
  };
}

const recorded = z.record(z.string(), z.array(z.int()));

/**
 * What `pruneChannels` wrote into a graph's provenance, by layer; without what cannot be, since anybody may write there: indices twice,
 * or beyond the channels that there were.
 */
export function prunedOf({ nodes, provenance }: Graph): Record<string, readonly number[]> {
  const { data: pruned = {} } = recorded.safeParse(provenance.pruned);
  return Object.fromEntries(
    nodes.flatMap(({ name, shape }) => {
      const left = Object.hasOwn(pruned, name) ? pruned[name] : [];
      const before = channelCount(shape) + left.length;
      const canBe = new Set(left).size === left.length && left.every((index) => index >= 0 && index < before);
      return left.length > 0 && canBe ? [[name, left]] : [];
    }),
  );
}

function others(kept: readonly number[], channels: number): number[] {
  const isKept = new Set(kept);
  return indicesTo(channels).filter((channel) => !isKept.has(channel));
}

/**
 * A node of the channels that remain.
 * @param values of all nodes, right in constant channels
 * @param tensors of the graph, to which its own are written
 */
function keepChannels(
  { node, context, flow }: FlowNode,
  keptOf: (name: string) => readonly number[],
  values: Readonly<Record<string, IntegerTensor>>,
  tensors: Record<string, IntegerTensor>,
): NodeSpecification {
  if (flow === undefined) return node;
  const kept = { inputs: node.inputs.map(keptOf), output: keptOf(node.name) };
  const { attributes, constants } = flow.keep(kept);
  const bias = flow.kind === 'summed' && constantBias({ node, context }, flow, kept, values[node.inputs[0]]);
  const names: Record<string, string> = { ...node.constants };
  for (const [role, tensor] of Object.entries({ ...constants, ...(bias && { bias }) })) {
    names[role] ??= unusedName(`${node.name}/${role}`, tensors);
    tensors[names[role]] = tensor;
  }
  return {
    ...node,
    ...(attributes !== undefined && { attributes: attributes as JsonObject }),
    constants: names,
    outputType: takeFormats(node.outputType, node.shape, node.shape.length - 1, kept.output),
  };
}

function unusedName(wanted: string, tensors: Readonly<Record<string, IntegerTensor>>): string {
  return Object.hasOwn(tensors, wanted) ? unusedName(`${wanted}'`, tensors) : wanted;
}

/**
 * Builds a graph in which nodes without a cast have the exact type that they have now, where its binary point is the one before and
 * nobody asks for the very type; elsewhere they keep the one that they had.
 */
function rebuild(before: Graph, nodes: readonly FlowNode[], specification: GraphSpecification): Graph {
  const exact = new Set(before.nodes.filter(mayBeExact(before, nodes)).map(({ name }) => name));
  for (;;) {
    const graph = buildGraph({
      ...specification,
      nodes: specification.nodes.map((node) => (exact.has(node.name) ? { ...node, outputType: 'exact' } : node)),
    });
    const moved = graph.nodes.filter(({ name, exactType }, index) => {
      return exact.has(name) && exactType.binaryPoint !== before.nodes[index].exactType.binaryPoint;
    });
    if (moved.length === 0) return graph;
    for (const { name } of moved) exact.delete(name);
  }
}

/** Nodes without a cast whose values no output, no node without a flow and no other one needs in the very type. */
function mayBeExact({ outputs }: Graph, nodes: readonly FlowNode[]): (node: GraphNode) => boolean {
  const fixed = new Set(outputs);
  for (const { node, flow } of nodes) {
    if (flow === undefined || (flow.kind === 'tied' && flow.needsInputType === true))
      node.inputs.forEach((name) => fixed.add(name));
  }
  return (node) => node.operation !== 'input' && !hasCast(node) && !fixed.has(node.name);
}
