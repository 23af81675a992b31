import { QfxError } from '../errors.js';
import { findNode, graphContexts } from '../graph/context.js';
import type { Graph, GraphNode } from '../graph/graph.js';
import { checkRange } from '../graph/tensor.js';
import { castTensor } from '../number/cast.js';
import { makeRawArray } from '../number/raw-array.js';
import type { IntegerTensor, RawArray } from '../number/raw-array.js';
import { isUniform } from '../number/type.js';
import { findOperation } from '../operations/index.js';
import { elementCount } from '../number/shape.js';
import { describeShape, layer } from '../operations/operation.js';
import type { NodeContext } from '../operations/operation.js';
import { arithmeticFor } from '../operations/scalars.js';

/** Raw integers of one input, row-major, channels last. */
export type InputValues = ArrayLike<number | bigint>;

export interface RunOptions {
  /** False: only the outputs are returned. */
  readonly layers?: boolean;
}

export interface RunResult {
  /** The graph's outputs by name. */
  readonly outputs: Readonly<Record<string, IntegerTensor>>;
  /** Every node's value after its cast, by name, inputs included; empty where `layers` is false. */
  readonly layers: Readonly<Record<string, IntegerTensor>>;
}

/** One node, ready to run: raw integers of its inputs to raw integers of its declared type. */
type Step = (inputs: readonly RawArray[]) => RawArray;

/** A graph that runs on integers: the golden model of everything that is made from it. */
export class Network {
  private steps: ReadonlyMap<string, Step> | undefined;

  constructor(readonly graph: Graph) {}

  /**
   * The exact result for one image.
   * @param image raw integers of the input's declared type; by input name where the graph has several
   * @throws QfxError for a missing or unknown input, a wrong number of values, and a value that its type doesn't have
   */
  run(image: InputValues | Readonly<Record<string, InputValues>>, options: RunOptions = {}): RunResult {
    this.steps ??= prepareSteps(this.graph);
    const inputs = nameInputs(this.graph, image);
    const values = new Map<string, RawArray>();
    for (const node of this.graph.nodes) {
      const step = this.steps.get(node.name);
      const operands = node.inputs.map((name) => values.get(name) as RawArray);
      values.set(node.name, step ? step(operands) : readInput(node, inputs.get(node.name)));
    }
    const pick = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, valueOf(name)]));
    const valueOf = (name: string): IntegerTensor => {
      const { shape, outputType } = findNode(this.graph, name);
      return { shape, format: outputType, raw: values.get(name) as RawArray };
    };
    const names = this.graph.nodes.map(({ name }) => name);
    return { outputs: pick(this.graph.outputs), layers: options.layers === false ? {} : pick(names) };
  }
}

function isInput(node: GraphNode): boolean {
  return node.operation === 'input';
}

function prepareSteps(graph: Graph): ReadonlyMap<string, Step> {
  const computed = graphContexts(graph).filter(({ node }) => !isInput(node));
  return new Map(computed.map(({ node, context }) => [node.name, prepareStep(node, context)]));
}

function prepareStep(node: GraphNode, context: NodeContext): Step {
  const { exactType, outputType, shape } = node;
  const arithmetic = arithmeticFor(context, node);
  const evaluate = findOperation(node.operation, layer(node.name)).prepare(context, node, arithmetic);
  const same =
    isUniform(outputType) &&
    outputType.signed === exactType.signed &&
    outputType.wordLength === exactType.wordLength &&
    outputType.binaryPoint === exactType.binaryPoint;
  return (inputs) => {
    const exact = arithmetic.toRaw(evaluate(inputs.map(arithmetic.fromRaw)), exactType);
    return same ? exact : castTensor(exact, exactType, outputType, shape);
  };
}

function nameInputs(
  graph: Graph,
  image: InputValues | Readonly<Record<string, InputValues>>,
): Map<string, InputValues> {
  const names = graph.nodes.filter(isInput).map(({ name }) => name);
  const known = names.map((name) => `"${name}"`).join(', ');
  if (isArrayLike(image)) {
    if (names.length === 1) return new Map([[names[0], image]]);
    throw new QfxError(`graph "${graph.name}"`, `it has ${names.length} inputs, give their values by name: ${known}`);
  }
  const unknown = Object.keys(image).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new QfxError(`graph "${graph.name}"`, `no input "${unknown}", its inputs: ${known}`);
  return new Map(Object.entries(image));
}

function isArrayLike(image: InputValues | Readonly<Record<string, InputValues>>): image is InputValues {
  return Array.isArray(image) || ArrayBuffer.isView(image);
}

/** The values of an input, checked, in the storage that its type decides. */
function readInput({ name, shape, outputType }: GraphNode, values: InputValues | undefined): RawArray {
  if (values === undefined) throw new QfxError(layer(name), 'its values are missing');
  if (values.length !== elementCount(shape)) {
    const needed = `shape ${describeShape(shape)} needs ${elementCount(shape)}`;
    throw new QfxError(layer(name), `${values.length} values, ${needed}`);
  }
  const raw = makeRawArray(outputType, values.length);
  for (let index = 0; index < values.length; index++) writeRaw(raw, index, values[index], name);
  checkRange({ shape, format: outputType, raw }, layer(name));
  return raw;
}

function writeRaw(raw: RawArray, index: number, value: number | bigint, name: string): void {
  if (raw instanceof Float64Array) {
    // Beyond 53 bits a BigInt may round, but stays outside of every range that is carried as a number.
    raw[index] = Number(value) + 0;
  } else if (typeof value === 'bigint' || Number.isSafeInteger(value)) {
    const whole = BigInt(value);
    raw[index] = whole;
    if (raw[index] !== whole) throw new QfxError(layer(name), `raw value ${value} at index ${index} is beyond 64 bits`);
  } else {
    throw new QfxError(
      layer(name),
      `raw value ${value} at index ${index}, needed: a whole number (a BigInt beyond 2^53)`,
    );
  }
}
