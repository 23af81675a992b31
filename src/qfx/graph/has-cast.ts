import { isUniform } from '../number/type.js';
import type { GraphNode } from './graph.js';

/** Whether the declared type of a node is another one than its exact type, so that there is a cast. An input has none. */
export function hasCast({ operation, exactType, outputType }: GraphNode): boolean {
  if (operation === 'input') return false; // what it is given has its declared type
  return !(
    isUniform(outputType) &&
    outputType.signed === exactType.signed &&
    outputType.wordLength === exactType.wordLength &&
    outputType.binaryPoint === exactType.binaryPoint
  );
}
