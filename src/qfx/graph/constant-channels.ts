import { Network } from '../execute/network.js';
import { makeRawArray } from '../number/raw-array.js';
import type { IntegerTensor } from '../number/raw-array.js';
import { channelCount, elementCount } from '../number/shape.js';
import { spreadAt } from '../number/type.js';
import type { Spread } from '../number/type.js';
import type { FlowNode } from './channel-flows.js';
import type { Graph } from './graph.js';

/** A channel that has the same values for every input: all of them 0, all of one value, or not alike at all of its places. */
export type ConstantKind = 'zero' | 'uniform' | 'uneven';

export interface ConstantChannels {
  /** Of a node's channels, in their order; undefined for one that depends on the input. */
  readonly kinds: ReadonlyMap<string, readonly (ConstantKind | undefined)[]>;
  /** The values of all nodes for one input, and those of constant channels therefore for any. */
  readonly values: Readonly<Record<string, IntegerTensor>>;
}

/** Finds the channels of all nodes that depend on no input. */
export function constantChannels(graph: Graph, nodes: readonly FlowNode[]): ConstantChannels {
  const constant = new Map<string, readonly boolean[]>();
  for (const flowNode of nodes) constant.set(flowNode.node.name, constantsOf(flowNode, constant));
  const images = graph.nodes
    .filter(({ operation }) => operation === 'input')
    .map(({ name, shape, outputType }) => [name, makeRawArray(outputType, elementCount(shape))] as const);
  const values = new Network(graph).run(Object.fromEntries(images)).layers;
  const kinds = new Map(
    [...constant].map(([name, channels]) => {
      return [name, channels.map((isConstant, channel) => (isConstant ? kindOf(values[name], channel) : undefined))];
    }),
  );
  return { kinds, values };
}

function constantsOf({ node, flow }: FlowNode, known: ReadonlyMap<string, readonly boolean[]>): boolean[] {
  const { shape, outputType } = node;
  const { wordLength } = outputType;
  const values = elementCount(shape);
  const channels = channelCount(shape);
  /** Whether no value of a channel has any width. */
  const hasNoWidth = (channel: number) => {
    for (let index = channel; index < values; index += channels) if (spreadAt(wordLength, shape, index)) return false;
    return true;
  };
  const dependsOn = dependencyOf({ node, flow }, known);
  return Array.from({ length: channels }, (_, channel) => hasNoWidth(channel) || !dependsOn(channel));
}

/** Whether a channel of a node's result depends on the input of the graph. */
function dependencyOf(
  { node, flow }: Pick<FlowNode, 'node' | 'flow'>,
  known: ReadonlyMap<string, readonly boolean[]>,
): (channel: number) => boolean {
  if (flow === undefined) return () => true;
  const inputs = node.inputs.map((name) => known.get(name) as readonly boolean[]);
  if (flow.kind === 'summed')
    return (output) => inputs[0].some((isConstant, input) => !isConstant && flow.reads(input, output));
  const depending = new Set<number>();
  inputs.forEach((channels, index) => {
    channels.forEach((isConstant, channel) => {
      if (!isConstant) depending.add(flow.ties.inputs[index][channel]);
    });
  });
  return (output) => depending.has(flow.ties.output[output]) && flow.isConstant?.(output) !== true;
}

function kindOf({ raw, shape, format }: IntegerTensor, channel: number): ConstantKind {
  const channels = channelCount(shape);
  let isZero = true;
  let isUniform = !variesWithin(format.wordLength, shape) && !variesWithin(format.binaryPoint, shape);
  for (let index = channel; index < raw.length; index += channels) {
    if (raw[index]) isZero = false;
    if (raw[index] !== raw[channel]) isUniform = false;
  }
  if (isZero) return 'zero';
  return isUniform ? 'uniform' : 'uneven';
}

/** Whether places of one channel may have different types. */
function variesWithin(spread: Spread, shape: readonly number[]): boolean {
  return typeof spread === 'object' && !('axis' in spread && spread.axis === shape.length - 1);
}
