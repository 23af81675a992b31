import type { Graph, GraphNode } from '../graph/graph.js';
import { castBigInt } from '../number/cast.js';
import { isUniform } from '../number/type.js';
import type { FixedPointType } from '../number/type.js';
import type { OperationName } from '../operations/operation.js';

/** Operations whose results are some of their inputs' values. */
const choosing: ReadonlySet<string> = new Set<OperationName>([
  'flatten',
  'reshape',
  'requantize',
  'concatenate',
  'max-pooling2d',
  'global-max-pooling2d',
]);

/** The nodes whose values are all 1 or -1, as integers: each carries one bit, whatever its type. */
export function binaryNodes({ nodes }: Graph): ReadonlySet<string> {
  const binary = new Set<string>();
  for (const node of nodes) {
    const isChosen = choosing.has(node.operation) && node.inputs.every((name) => binary.has(name));
    if ((node.operation === 'sign' || isChosen) && keepsSigns(node)) binary.add(node.name);
  }
  return binary;
}

/** Whether 1 and, where the exact result has it, -1 are themselves behind the cast. */
function keepsSigns({ exactType, outputType }: GraphNode): boolean {
  if (!isUniform(outputType) || outputType.binaryPoint !== 0) return false;
  const type = outputType as FixedPointType;
  return castBigInt(1n, 0, type) === 1n && (!exactType.signed || castBigInt(-1n, 0, type) === -1n);
}
