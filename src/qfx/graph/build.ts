import { QfxError } from '../errors.js';
import type { IntegerTensor } from '../number/raw-array.js';
import { describeFormat, maximumWordLength } from '../number/type.js';
import type { FixedPointFormat } from '../number/type.js';
import { validateFormat, validateTensorType } from '../number/validate-type.js';
import { findOperation } from '../operations/index.js';
import { elementCount } from '../number/shape.js';
import { layer } from '../operations/operation.js';
import type { NodeTyping, Operation } from '../operations/operation.js';
import { nodeContext } from './context.js';
import type { Graph, GraphNode, GraphSpecification, JsonObject, NodeSpecification } from './graph.js';
import { describeIssues } from './issues.js';
import { copyJsonObject } from './json.js';
import { checkName, limits } from '../limits.js';
import { checkShape, checkTensor, copyTensor, copyType } from './tensor.js';

/** Modes of a type that equals the exact one: nothing is rounded and nothing overflows. */
const noCast = { rounding: 'AP_TRN', overflow: 'AP_WRAP' } as const;

/**
 * Decides every node's shape and types once and checks everything.
 * @returns a frozen graph that shares nothing with the specification
 * @throws QfxError that names the layer or tensor, what was found and what is allowed
 */
export function buildGraph(specification: GraphSpecification): Graph {
  checkName(specification.name, 'graph');
  const tensors = copyTensors(specification.tensors ?? {});
  const nodes = new Map<string, GraphNode>();
  const all = new Set(specification.nodes.map(({ name }) => name));
  const totals = { values: 0, multiplications: 0 };
  for (const node of specification.nodes) {
    checkName(node.name, 'node');
    if (nodes.has(node.name)) throw new QfxError(layer(node.name), 'there are two nodes of this name');
    const built = buildNode(node, nodes, all, tensors);
    nodes.set(node.name, built.node);
    totals.values += elementCount(built.node.shape);
    totals.multiplications += built.multiplications;
    checkTotals(totals, layer(node.name));
  }
  const outputs = checkOutputs(specification.outputs, nodes);
  checkAllUsed(nodes, outputs, tensors);
  return Object.freeze({
    name: specification.name,
    nodes: Object.freeze([...nodes.values()]),
    outputs,
    tensors: Object.freeze(Object.fromEntries(tensors)),
    provenance: copyJsonObject(specification.provenance ?? {}, 'provenance'),
  });
}

function copyTensors(tensors: Readonly<Record<string, IntegerTensor>>): Map<string, IntegerTensor> {
  return new Map(
    Object.entries(tensors).map(([name, tensor]) => {
      checkName(name, 'tensor');
      checkTensor(tensor, `tensor "${name}"`);
      return [name, copyTensor(tensor)];
    }),
  );
}

function buildNode(
  specification: NodeSpecification,
  earlier: ReadonlyMap<string, GraphNode>,
  all: ReadonlySet<string>,
  tensors: ReadonlyMap<string, IntegerTensor>,
): { node: GraphNode; multiplications: number } {
  const { name } = specification;
  const where = layer(name);
  const operation = findOperation(specification.operation, where);
  const inputs = Object.freeze([...specification.inputs]);
  checkInputs(operation, inputs, earlier, all, where);
  const parts = {
    name,
    operation: operation.name,
    inputs,
    attributes: parseAttributes(operation, specification.attributes ?? {}, where),
    constants: checkConstants(operation, specification.constants ?? {}, tensors, where),
  };
  const { outputType } = specification;
  const context = nodeContext({ ...parts, outputType }, earlier, tensors);
  const typing = operation.infer(context);
  checkTyping(typing, where);
  const { exactType } = typing;
  const declared = outputType === 'exact' ? { ...exactType, ...noCast } : outputType;
  validateTensorType(declared, typing.shape, where);
  const node = Object.freeze({
    ...parts,
    shape: Object.freeze([...typing.shape]),
    exactType: freezeFormat(exactType),
    intermediateTypes: Object.freeze(
      Object.fromEntries(
        Object.entries(typing.intermediateTypes ?? {}).map(([key, type]) => [key, freezeFormat(type)]),
      ),
    ),
    outputType: copyType(declared),
  });
  return { node, multiplications: operation.multiplications(context, typing) };
}

function checkInputs(
  { name, inputCount: { minimum, maximum } }: Operation,
  inputs: readonly string[],
  earlier: ReadonlyMap<string, GraphNode>,
  all: ReadonlySet<string>,
  where: string,
): void {
  if (inputs.length < minimum || inputs.length > maximum) {
    const allowed = minimum === maximum ? `${minimum}` : `${minimum} to ${maximum}`;
    throw new QfxError(where, `${inputs.length} inputs, ${name} takes ${allowed}`);
  }
  for (const input of inputs) {
    if (earlier.has(input)) continue;
    const problem = all.has(input) ? 'is not an earlier node (nodes come in topological order)' : 'does not exist';
    throw new QfxError(where, `its input "${input}" ${problem}`);
  }
}

function parseAttributes(operation: Operation, attributes: JsonObject, where: string): JsonObject {
  const parsed = operation.attributes.safeParse(attributes);
  if (!parsed.success) throw new QfxError(where, `attributes: ${describeIssues(parsed.error)}`);
  return copyJsonObject(parsed.data, `${where}: attributes`);
}

function checkConstants(
  { name, constants: roles }: Operation,
  constants: Readonly<Record<string, string>>,
  tensors: ReadonlyMap<string, IntegerTensor>,
  where: string,
): Readonly<Record<string, string>> {
  for (const [role, tensor] of Object.entries(constants)) {
    if (!Object.hasOwn(roles, role)) {
      const allowed = Object.keys(roles).join(', ') || 'none';
      throw new QfxError(where, `unknown constant "${role}", ${name} takes: ${allowed}`);
    }
    if (!tensors.has(tensor)) throw new QfxError(where, `its ${role} "${tensor}" is no tensor of the graph`);
  }
  const missing = Object.keys(roles).find((role) => roles[role] === 'required' && !Object.hasOwn(constants, role));
  if (missing !== undefined) throw new QfxError(where, `${missing} missing`);
  return Object.freeze({ ...constants });
}

/** Holds for operations of a user's own, too. */
function checkTyping({ shape, exactType, intermediateTypes }: NodeTyping, where: string): void {
  checkShape(shape, where);
  checkWidth(exactType, where, 'its exact result');
  for (const [name, type] of Object.entries(intermediateTypes ?? {})) checkWidth(type, where, `its exact ${name}`);
}

function checkWidth(format: FixedPointFormat, where: string, what: string): void {
  if (format.wordLength > maximumWordLength) {
    const found = `${format.wordLength} bits, ${describeFormat(format)}`;
    throw new QfxError(
      where,
      `${what} needs ${found}; at most ${maximumWordLength} are possible (use narrower types in front of it)`,
    );
  }
  validateFormat(format, `${where}: ${what}`);
}

function checkTotals(totals: { values: number; multiplications: number }, where: string): void {
  if (totals.values > limits.graphValues) {
    throw new QfxError(where, `the graph has more than ${limits.graphValues} values up to here`);
  }
  if (totals.multiplications > limits.graphMultiplications) {
    throw new QfxError(where, `the graph has more than ${limits.graphMultiplications} multiplications up to here`);
  }
}

function checkOutputs(outputs: readonly string[], nodes: ReadonlyMap<string, GraphNode>): readonly string[] {
  if (outputs.length === 0) throw new QfxError('graph', 'it has no outputs');
  outputs.forEach((output, index) => {
    if (!nodes.has(output)) throw new QfxError('graph', `its output "${output}" does not exist`);
    if (outputs.indexOf(output) !== index) throw new QfxError('graph', `its output "${output}" is named twice`);
  });
  return Object.freeze([...outputs]);
}

function checkAllUsed(
  nodes: ReadonlyMap<string, GraphNode>,
  outputs: readonly string[],
  tensors: ReadonlyMap<string, IntegerTensor>,
): void {
  const used = new Set([...outputs, ...[...nodes.values()].flatMap(({ inputs }) => inputs)]);
  for (const name of nodes.keys()) {
    if (!used.has(name)) throw new QfxError(layer(name), 'nothing uses its result, and it is no output');
  }
  const usedTensors = new Set([...nodes.values()].flatMap(({ constants }) => Object.values(constants)));
  for (const name of tensors.keys()) {
    if (!usedTensors.has(name)) throw new QfxError(`tensor "${name}"`, 'nothing uses it');
  }
}

function freezeFormat({ signed, wordLength, binaryPoint }: FixedPointFormat): FixedPointFormat {
  return Object.freeze({ signed, wordLength, binaryPoint: binaryPoint + 0 });
}
