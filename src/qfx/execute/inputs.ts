import { QfxError } from '../errors.js';
import type { Graph, GraphNode } from '../graph/graph.js';
import { checkRange } from '../graph/tensor.js';
import { makeRawArray } from '../number/raw-array.js';
import type { RawArray } from '../number/raw-array.js';
import { elementCount } from '../number/shape.js';
import { describeShape, layer } from '../operations/operation.js';

/** Raw integers of one input, row-major, channels last. */
export type InputValues = ArrayLike<number | bigint>;

/** What is given to a network: the values of its one input, or those of each input by name. */
export type InputsByName = InputValues | Readonly<Record<string, InputValues>>;

export function isInput(node: GraphNode): boolean {
  return node.operation === 'input';
}

/** The values of each input by name; throws QfxError for one that the graph doesn't have, or where names are needed. */
export function nameInputs(graph: Graph, values: InputsByName): Map<string, InputValues> {
  const names = graph.nodes.filter(isInput).map(({ name }) => name);
  const known = names.map((name) => `"${name}"`).join(', ');
  if (isArrayLike(values)) {
    if (names.length === 1) return new Map([[names[0], values]]);
    throw new QfxError(`graph "${graph.name}"`, `it has ${names.length} inputs, give their values by name: ${known}`);
  }
  const unknown = Object.keys(values).find((name) => !names.includes(name));
  if (unknown !== undefined) throw new QfxError(`graph "${graph.name}"`, `no input "${unknown}", its inputs: ${known}`);
  return new Map(Object.entries(values));
}

function isArrayLike(values: InputsByName): values is InputValues {
  return Array.isArray(values) || ArrayBuffer.isView(values);
}

/** The values of an input; throws QfxError where they are missing. */
export function requireValues({ name }: GraphNode, values: InputValues | undefined): InputValues {
  if (values === undefined) throw new QfxError(layer(name), 'its values are missing');
  return values;
}

/** The values of an input for one image, checked, in the storage that its type decides. */
export function readInput(node: GraphNode, given: InputValues | undefined): RawArray {
  const { name, shape, outputType } = node;
  const values = requireValues(node, given);
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
