import type { Graph, GraphNode } from '../graph/graph.js';
import { spreadValues } from '../number/type.js';
import { elementCount } from '../number/shape.js';
import { connectionsOf, streamKey } from './connections.js';
import type { LayerLanes } from './lanes.js';
import { conversionActions, forkActions, layerActions, sinkActions } from './token-behaviour.js';
import type { TokenActions } from './token-behaviour.js';

/** Depth of a stream for which a plan says nothing: in front of a fork, behind a width converter, to an output. */
export const plainDepth = 2;

/** A stream between two processes. */
export interface Channel {
  /** The key of its connection in a plan; undefined for streams that aren't planned. */
  readonly key: string | undefined;
  /** Bits that pass through it for one image. */
  readonly traffic: number;
  /** Indices of the processes at its ends. */
  writer: number;
  reader: number;
}

/** A process of the dataflow: it has its own control, and waits while a stream that it reads is empty or one that it writes is full. */
export interface Process {
  readonly name: string;
  /** Can be walked through once. */
  readonly actions: TokenActions;
  /** Indices of the channels that it reads and writes. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

export interface Dataflow {
  readonly processes: readonly Process[];
  readonly channels: readonly Channel[];
}

/**
 * The processes and streams that a project consists of: one process a layer; behind a layer with several readers a fork
 * with one branch each; a width converter where a reader takes other lanes; a sink for each output of the network.
 */
export function buildDataflow(graph: Graph, lanesOf: (node: string) => LayerLanes): Dataflow {
  const processes: Process[] = [];
  const channels: Channel[] = [];
  /** Channels that a layer reads, by operand. */
  const operands = new Map<string, number[]>(graph.nodes.map(({ name }) => [name, []]));

  const addChannel = (traffic: number, key?: string) => channels.push({ key, traffic, writer: -1, reader: -1 }) - 1;
  const addProcess = (process: Process) => {
    const index = processes.push(process) - 1;
    for (const channel of process.inputs) channels[channel].reader = index;
    for (const channel of process.outputs) channels[channel].writer = index;
  };

  for (const node of graph.nodes) {
    const { name } = node;
    const lanes = lanesOf(name);
    const values = elementCount(node.shape);
    const words = values / lanes.outputLanes;
    const traffic = values * valueBits(node);
    const readers = connectionsOf(graph).filter(({ from }) => from === name);
    const ends = [
      ...readers.map((connection) => ({ ...connection, key: streamKey(connection) })),
      ...(graph.outputs.includes(name) ? [undefined] : []),
    ];
    const forked = ends.length > 1;
    const branches = ends.map((end) => addChannel(traffic, end?.key));
    const output = forked ? addChannel(traffic) : branches[0];
    addProcess({ name, actions: layerActions(graph, node, lanes), inputs: operands.get(name)!, outputs: [output] });
    if (forked) {
      const actions = forkActions(words, branches.length);
      addProcess({ name: `fork of ${name}`, actions, inputs: [output], outputs: branches });
    }
    for (const [index, end] of ends.entries()) {
      const branch = branches[index];
      if (end === undefined) {
        addProcess({ name: `output ${name}`, actions: sinkActions(words), inputs: [branch], outputs: [] });
        continue;
      }
      const { inputLanes } = lanesOf(end.to);
      let channel = branch;
      if (inputLanes !== lanes.outputLanes) {
        channel = addChannel(traffic);
        const actions = conversionActions(values, { inputLanes: lanes.outputLanes, outputLanes: inputLanes });
        addProcess({ name: `width converter ${end.key}`, actions, inputs: [branch], outputs: [channel] });
      }
      operands.get(end.to)![end.operand] = channel;
    }
  }
  return { processes, channels };
}

/** Bits of one value in a stream. */
function valueBits({ outputType }: GraphNode): number {
  return Math.max(1, ...spreadValues(outputType.wordLength));
}
