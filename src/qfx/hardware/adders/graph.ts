import { QfxError } from '../../errors.js';

/** A node of an adder graph, shifted to the left. */
export interface AdderOperand {
  /** Nodes are the inputs, 0 .. inputs - 1, then the results of the operations in their order. */
  readonly node: number;
  /** Bits to the left, 0 or more. */
  readonly shift: number;
}

/** One adder: left + right, or left - right. Operands are inputs or results of earlier operations. */
export interface AdderOperation {
  readonly left: AdderOperand;
  readonly right: AdderOperand;
  readonly subtract: boolean;
}

/** A node, shifted to the left, then negated where `negative`. */
export interface AdderOutput extends AdderOperand {
  readonly negative: boolean;
}

/**
 * How to compute y = xM for a constant integer matrix M with additions, subtractions and shifts alone. Rows of M are inputs,
 * columns are outputs. Shifts and negations cost nothing; each operation is one adder.
 */
export interface AdderGraph {
  readonly inputs: number;
  readonly operations: readonly AdderOperation[];
  /** One for each column; null is the constant 0. */
  readonly outputs: readonly (AdderOutput | null)[];
}

/**
 * The values of all nodes for these inputs: inputs first, then the results of the operations. Exact.
 * @throws QfxError where there are more inputs or fewer than the graph has.
 */
export function evaluateNodes(graph: AdderGraph, inputs: readonly bigint[]): bigint[] {
  if (inputs.length !== graph.inputs)
    throw new QfxError('adder graph', `found ${inputs.length} values, needed: one for each of ${graph.inputs} inputs`);
  const values = [...inputs];
  const shifted = ({ node, shift }: AdderOperand) => values[node] << BigInt(shift);
  for (const { left, right, subtract } of graph.operations)
    values.push(subtract ? shifted(left) - shifted(right) : shifted(left) + shifted(right));
  return values;
}

/** y = xM as the graph computes it; exact. Throws QfxError as evaluateNodes does. */
export function evaluateAdderGraph(graph: AdderGraph, inputs: readonly bigint[]): bigint[] {
  const values = evaluateNodes(graph, inputs);
  return graph.outputs.map((output) => {
    if (output === null) return 0n;
    const value = values[output.node] << BigInt(output.shift);
    return output.negative ? -value : value;
  });
}

/** Adders between the inputs and each node: 0 for an input. */
export function nodeDepths({ inputs, operations }: AdderGraph): number[] {
  const depths = new Array<number>(inputs).fill(0);
  for (const { left, right } of operations) depths.push(1 + Math.max(depths[left.node], depths[right.node]));
  return depths;
}

/** The most adders on a way from an input to an output. */
export function adderGraphDepth(graph: AdderGraph): number {
  const depths = nodeDepths(graph);
  return graph.outputs.reduce((depth, output) => (output === null ? depth : Math.max(depth, depths[output.node])), 0);
}
