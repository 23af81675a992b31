import type { Graph } from '../../../src/qfx/index.js';
import { everyOperation, everyOperationInputs } from '../every-operation.js';
import { functionOperations, functionOperationsInputs } from '../function-operations.js';
import { tensorOperations, tensorOperationsInputs } from '../tensor-operations.js';

interface GoldenGraph {
  /** Of its files, without their endings. */
  readonly name: string;
  readonly graph: () => Graph;
  readonly inputs: () => Record<string, number[]>;
}

/** The graphs of the golden files: one a format version, and one for each group of operations that came later. */
export const goldenGraphs: readonly GoldenGraph[] = [
  { name: 'version-1', graph: everyOperation, inputs: everyOperationInputs },
  { name: 'version-1-tensors', graph: tensorOperations, inputs: tensorOperationsInputs },
  { name: 'version-1-functions', graph: functionOperations, inputs: functionOperationsInputs },
];
