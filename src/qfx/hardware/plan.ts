import { z } from 'zod';
import { QfxError } from '../errors.js';
import type { Graph } from '../graph/graph.js';
import { describeIssues } from '../graph/issues.js';
import { layer } from '../operations/operation.js';
import { partName, resourcesSchema } from './board.js';
import type { Board } from './board.js';
import { connectionsOf, streamKey } from './connections.js';
import { streamDepths, sufficientDepths } from './fifo.js';
import { chooseLanes, lanesProblem } from './lanes.js';
import { chooseWeightForms, weightFormProblem, weightForms } from './weight-form.js';

const count = z.int().positive();
const wordBits = z.literal([8, 16, 32, 64, 128, 256, 512, 1024]);

/** `hardware.json`: how a graph is built. What it computes is said by the graph alone. */
const planSchema = z.strictObject({
  formatVersion: z.literal(1),
  /** The board's name. */
  board: z.string().min(1),
  /** The part as Vitis HLS names it. */
  part: partName,
  /** Target clock in nanoseconds. */
  clockPeriodNs: z.number().positive(),
  /** What there is on the part for the whole design: the budget. */
  resources: resourcesSchema,
  /** Width of TDATA of the AXI4-Streams, in bits. A value wider than that widens it. */
  interface: z.strictObject({ inputWordBits: wordBits, outputWordBits: wordBits }),
  /** By the names of the graph's nodes: values in one word of the layer's streams. */
  layers: z.record(
    z.string(),
    z.strictObject({
      /** Of every input stream; divides the last axis of each input. An input of the network has inputLanes = outputLanes. */
      inputLanes: count,
      /** Of the output stream; divides the last axis of the output. */
      outputLanes: count,
      /** How products with its constants are made, where it has any; without it, with shifters if they are K-hot. */
      weights: z.enum(weightForms).optional(),
    }),
  ),
  /**
   * By `<node>-><reader>`: depth of the stream (the FIFO) between the two, in words of the node's outputLanes. Where the lanes
   * of the reader differ, the stream behind the width converter has depth 2. A node that is read twice is forked, each
   * way has its own stream.
   */
  streams: z.record(z.string(), z.strictObject({ depth: count })),
});

export type HardwarePlan = z.infer<typeof planSchema>;

/** Width of AXI4-Stream words in a default plan, in bits. */
const defaultWordBits = 32;

/** A plan for a board: few lanes, FIFOs that are deep enough. */
export function defaultPlan(graph: Graph, board: Board): HardwarePlan {
  const lanes = chooseLanes(graph);
  const depths = streamDepths(graph, (node) => lanes.get(node)!);
  const weights = chooseWeightForms(graph);
  return {
    formatVersion: 1,
    board: board.name,
    part: board.part,
    clockPeriodNs: board.clockPeriodNs,
    resources: board.resources,
    interface: { inputWordBits: defaultWordBits, outputWordBits: defaultWordBits },
    layers: Object.fromEntries(
      [...lanes].map(([name, own]) => [name, { ...own, ...(weights.has(name) && { weights: weights.get(name) }) }]),
    ),
    streams: Object.fromEntries([...depths].map(([key, { depth }]) => [key, { depth }])),
  };
}

/**
 * Checks a plan against its graph.
 * @param plan the parsed JSON of a `hardware.json`, or a plan
 * @param where names the file in messages
 * @throws QfxError for unknown or missing keys, lanes that don't divide, and FIFOs with which the design would stop for ever
 */
export function validatePlan(graph: Graph, plan: unknown, where = 'hardware plan'): HardwarePlan {
  const result = planSchema.safeParse(plan);
  if (!result.success) throw new QfxError(where, describeIssues(result.error));
  const { layers, streams } = result.data;
  const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
  requireSameKeys('layers', Object.keys(layers), [...nodes.keys()], where);
  requireSameKeys('streams', Object.keys(streams), connectionsOf(graph).map(streamKey), where);
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => nodes.get(name)!);
    const chosen = layers[node.name];
    const problem = lanesProblem(node, inputs, chosen) ?? weightFormProblem(node, graph, chosen.weights);
    if (problem) throw new QfxError(`${where}: ${layer(node.name)}`, problem);
  }
  const sufficient = sufficientDepths(
    graph,
    (node) => layers[node],
    (key) => streams[key].depth,
  );
  for (const [key, depth] of sufficient) {
    if (depth === streams[key].depth) continue;
    const found = `depth ${streams[key].depth}, with which the design stops for ever; needed: at least ${depth}`;
    throw new QfxError(`${where}: stream "${key}"`, found);
  }
  return result.data;
}

function requireSameKeys(section: string, found: readonly string[], needed: readonly string[], where: string): void {
  const missing = needed.find((key) => !found.includes(key));
  if (missing !== undefined) throw new QfxError(`${where}: ${section}`, `"${missing}" is missing`);
  const unknown = found.find((key) => !needed.includes(key));
  if (unknown !== undefined) throw new QfxError(`${where}: ${section}`, `"${unknown}" isn't in the graph`);
}
