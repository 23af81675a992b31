import type { Graph, GraphNode } from '../graph/graph.js';
import { greatestCommonDivisor } from '../number/greatest-common-divisor.js';
import { channelCount } from '../number/shape.js';
import type { OperationName } from '../operations/operation.js';

/** Values in one word of a layer's streams. */
export interface LayerLanes {
  /** Of every input stream; divides the last axis of every input. For an input of the network: the same as outputLanes. */
  readonly inputLanes: number;
  /** Of the output stream; divides the last axis of the output. */
  readonly outputLanes: number;
}

/** Lanes that a default plan uses at most. */
const defaultLanes = 4;

/** Operations that mix channels, so that the lanes of their results don't follow from those of their inputs. */
const mixingOperations: ReadonlySet<string> = new Set<OperationName>([
  'input',
  'dense',
  'conv2d',
  'conv2d-transpose',
  'concatenate',
]);

/**
 * Lanes by node: a layer that mixes channels gets the largest divisor of its output channels up to four, every other
 * layer keeps the lanes of the one that it reads. Inputs come with the lanes in which they were made, so a width
 * converter is only needed where a layer reads several layers whose lanes differ.
 */
export function chooseLanes(graph: Graph): Map<string, LayerLanes> {
  const chosen = new Map<string, LayerLanes>();
  for (const node of graph.nodes) {
    const channels = channelCount(node.shape);
    const producers = node.inputs.map((name) => chosen.get(name)!.outputLanes);
    const read = producers.reduce(greatestCommonDivisor, 0);
    const keeps = !mixingOperations.has(node.operation) && channels % read === 0;
    const outputLanes = keeps ? read : largestDivisor(channels, defaultLanes);
    chosen.set(node.name, { inputLanes: node.inputs.length > 0 ? read : outputLanes, outputLanes });
  }
  return chosen;
}

/** What is wrong with the lanes of a node, or undefined. */
export function lanesProblem(node: GraphNode, inputs: readonly GraphNode[], lanes: LayerLanes): string | undefined {
  const { inputLanes, outputLanes } = lanes;
  if (channelCount(node.shape) % outputLanes !== 0) {
    return `outputLanes is ${outputLanes}, which doesn't divide the ${channelCount(node.shape)} channels of its output`;
  }
  if (inputs.length === 0 && inputLanes !== outputLanes) {
    return `inputLanes is ${inputLanes}, which must equal outputLanes (${outputLanes}) for an input of the network`;
  }
  const odd = inputs.find(({ shape }) => channelCount(shape) % inputLanes !== 0);
  if (odd) {
    return `inputLanes is ${inputLanes}, which doesn't divide the ${channelCount(odd.shape)} channels of "${odd.name}"`;
  }
  return undefined;
}

function largestDivisor(value: number, limit: number): number {
  for (let divisor = Math.min(value, limit); ; divisor--) if (value % divisor === 0) return divisor;
}
