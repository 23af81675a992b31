import { isUniform } from '../number/type.js';
import type { GraphNode } from './graph.js';

/**
 * Whether the cast of a node may change a value or its raw integer: its declared type is another one than its exact type, or
 * saturates symmetrically, which excludes the smallest signed integer. An input has no cast.
 */
export function hasCast({ operation, exactType, outputType }: GraphNode): boolean {
  if (operation === 'input') return false; // what it is given has its declared type
  if (outputType.signed && outputType.overflow === 'AP_SAT_SYM') return true;
  return !(
    isUniform(outputType) &&
    outputType.signed === exactType.signed &&
    outputType.wordLength === exactType.wordLength &&
    outputType.binaryPoint === exactType.binaryPoint
  );
}
