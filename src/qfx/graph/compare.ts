import type { IntegerTensor } from '../number/raw-array.js';
import { toReal } from '../number/real.js';
import { formatAt } from '../number/validate-type.js';
import { commonChannels } from './common-channels.js';
import type { CommonChannels } from './common-channels.js';
import type { Graph, GraphNode, Json, JsonObject } from './graph.js';
import { equalJson } from './json.js';

/** What two graphs say of the same thing; null: one of them says nothing. */
export interface Difference {
  /** Where it is, for example `outputType` or `attributes.strides`; in provenance `training.epochs`. */
  readonly what: string;
  readonly a: Json;
  readonly b: Json;
}

/** The values of two constants of one shape. */
export interface ValueComparison {
  readonly elements: number;
  /** Elements whose raw integers differ; where binary points differ, that may mean the same value. */
  readonly differingRaw: number;
  /** Elements whose values differ, once binary points are aligned. */
  readonly differingValues: number;
  /** The largest difference of two values, in units of the last bit of whichever of the two is finer; nearest double beyond 2^53. */
  readonly largestInLastBits: number;
  /** The largest difference of two values as real numbers. */
  readonly largest: number;
}

/** A constant that a node has in both graphs. */
export interface ConstantComparison {
  readonly role: string;
  /** Shape, and format of what is compared. */
  readonly differences: readonly Difference[];
  /**
   * Of the channels that both graphs have, where their provenance says which ones pruning left out; missing where the shapes differ
   * nevertheless.
   */
  readonly values?: ValueComparison;
}

/** A node that both graphs have. */
export interface NodeComparison {
  readonly name: string;
  /** Operation, inputs, shape, types, attributes, channels left out by pruning, and constants that only one of the two has. */
  readonly differences: readonly Difference[];
  readonly constants: readonly ConstantComparison[];
  /** Both nodes compute the same: everything is equal, the values of constants after aligning binary points. */
  readonly same: boolean;
}

/** What is different between two graphs. */
export interface GraphComparison {
  /** Both compute the same layers; names of graphs and provenance may differ. */
  readonly same: boolean;
  readonly onlyInA: readonly string[];
  readonly onlyInB: readonly string[];
  /** The nodes that both have, in the order of the first graph. */
  readonly nodes: readonly NodeComparison[];
  /** Missing where the outputs are the same. */
  readonly outputs?: Difference;
  readonly provenance: readonly Difference[];
}

/** Compares two graphs node by node; a node of the one is compared with the node of the same name of the other. */
export function compareGraphs(a: Graph, b: Graph): GraphComparison {
  const ofA = new Map(a.nodes.map((node) => [node.name, node]));
  const ofB = new Map(b.nodes.map((node) => [node.name, node]));
  const onlyInA = [...ofA.keys()].filter((name) => !ofB.has(name));
  const onlyInB = [...ofB.keys()].filter((name) => !ofA.has(name));
  const common = commonChannels(a, b);
  const nodes = a.nodes.flatMap((node) => {
    const other = ofB.get(node.name);
    if (other === undefined) return [];
    const whole = compareNodes({ graph: a, node }, { graph: b, node: other });
    const channels = whole.same ? undefined : common(node.name);
    return [channels === undefined ? whole : compareCommon(whole, channels)];
  });
  const [outputs] = differences('outputs', a.outputs, b.outputs, 'whole');
  return {
    same: onlyInA.length + onlyInB.length === 0 && outputs === undefined && nodes.every(({ same }) => same),
    onlyInA,
    onlyInB,
    nodes,
    ...(outputs && { outputs }),
    provenance: differences('', a.provenance, b.provenance),
  };
}

interface PlacedNode {
  readonly graph: Graph;
  readonly node: GraphNode;
}

function compareNodes(a: PlacedNode, b: PlacedNode): NodeComparison {
  const own = (['operation', 'inputs', 'shape', 'exactType', 'outputType', 'intermediateTypes'] as const).flatMap(
    (key) => differences(key, plain(a.node[key]), plain(b.node[key]), 'whole'),
  );
  const attributes = differences('attributes', a.node.attributes, b.node.attributes);
  const roles = [...new Set([...Object.keys(a.node.constants), ...Object.keys(b.node.constants)])];
  const shared = roles.filter((role) => constantOf(a, role) && constantOf(b, role));
  const lonely = roles
    .filter((role) => !shared.includes(role))
    .map((role): Difference => {
      return { what: `constants.${role}`, a: a.node.constants[role] ?? null, b: b.node.constants[role] ?? null };
    });
  const constants = shared.map((role): ConstantComparison => {
    return { role, ...compareTensors(constantOf(a, role)!, constantOf(b, role)!) };
  });
  const found = [...own, ...attributes, ...lonely];
  const same = found.length === 0 && constants.every(({ values }) => values?.differingValues === 0);
  return { name: a.node.name, differences: found, constants, same };
}

/** Compares the constants of a node once more, of the channels that both graphs have. */
function compareCommon(
  whole: NodeComparison,
  { pruned: [prunedA, prunedB], constants: [a, b] }: CommonChannels,
): NodeComparison {
  const constants = whole.constants.map(({ role, differences: ofWhole }): ConstantComparison => {
    const { differences: found, values } = compareTensors(a[role], b[role]);
    const shapes = ofWhole.filter(({ what }) => what === 'shape');
    return {
      role,
      differences: [...shapes, ...found.filter(({ what }) => what !== 'shape')],
      ...(values && { values }),
    };
  });
  const left = differences('prunedChannels', [...prunedA], [...prunedB], 'whole');
  return { ...whole, differences: [...whole.differences, ...left], constants };
}

function constantOf({ graph, node }: PlacedNode, role: string): IntegerTensor | undefined {
  return Object.hasOwn(node.constants, role) ? graph.tensors[node.constants[role]] : undefined;
}

function compareTensors(a: IntegerTensor, b: IntegerTensor): Omit<ConstantComparison, 'role'> {
  const shapes = differences('shape', a.shape, b.shape);
  const found = [...shapes, ...differences('format', plain(a.format), plain(b.format), 'whole')];
  return { differences: found, ...(shapes.length === 0 && { values: compareValues(a, b) }) };
}

function compareValues(a: IntegerTensor, b: IntegerTensor): ValueComparison {
  const counts = { elements: a.raw.length, differingRaw: 0, differingValues: 0, largestInLastBits: 0, largest: 0 };
  for (let index = 0; index < a.raw.length; index++) {
    const [rawA, rawB] = [BigInt(a.raw[index]), BigInt(b.raw[index])];
    if (rawA !== rawB) counts.differingRaw++;
    const [pointA, pointB] = [a, b].map(({ format, shape }) => formatAt(format, shape, index).binaryPoint);
    const binaryPoint = Math.max(pointA, pointB);
    const difference = (rawA << BigInt(binaryPoint - pointA)) - (rawB << BigInt(binaryPoint - pointB));
    if (difference === 0n) continue;
    const magnitude = difference < 0n ? -difference : difference;
    counts.differingValues++;
    counts.largestInLastBits = Math.max(counts.largestInLastBits, Number(magnitude));
    const real = toReal(magnitude, { signed: false, wordLength: magnitude.toString(2).length, binaryPoint });
    counts.largest = Math.max(counts.largest, real);
  }
  return counts;
}

/** Everything of a graph that is compared is plain data. */
function plain(value: unknown): Json {
  return value === undefined ? null : (JSON.parse(JSON.stringify(value)) as Json);
}

/** The differences between two pieces of plain data, key by key, or as one where the `whole` is to be shown. */
function differences(what: string, a: Json, b: Json, show: 'keys' | 'whole' = 'keys'): Difference[] {
  if (show === 'keys' && isObject(a) && isObject(b)) {
    const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
    return keys.flatMap((key) => {
      return differences(what === '' ? key : `${what}.${key}`, valueOf(a, key), valueOf(b, key));
    });
  }
  return equalJson(a, b) ? [] : [{ what, a, b }];
}

function valueOf(object: JsonObject, key: string): Json {
  return Object.hasOwn(object, key) ? object[key] : null;
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
