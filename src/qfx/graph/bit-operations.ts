import { countTerms } from '../number/k-hot.js';
import type { IntegerTensor } from '../number/raw-array.js';
import { elementCount } from '../number/shape.js';
import { spreadValues, widestWord } from '../number/type.js';
import type { DigitKind } from '../number/type.js';
import { findOperation } from '../operations/index.js';
import { layer } from '../operations/operation.js';
import type { NodeContext } from '../operations/operation.js';
import type { GraphNode } from './graph.js';
import { countProducts } from './products.js';

/**
 * Bit operations: for every place of an image where values are multiplied by learned constants (weights, BatchNorm's a, slopes of
 * PReLU), the bits that are added there when each constant has hardware of its own, which is about the LUTs that it takes.
 *
 * - A constant of w bits times a value of x bits counts w * x (HGQ, Sun et al., 2024).
 * - K-hot constants count as the powers of two that they really are made of; 0 has none. The n powers of all constants of an output
 *   channel are n - 1 additions, each of x bits: the adders of an adder graph (hardware/adders) in which nothing is shared.
 */

/** Additions for each output channel of K-hot constants, whose last axis counts the channels: one less than their powers of two. */
export function countAdders(raw: IntegerTensor['raw'], channels: number, digits: DigitKind): number[] {
  const terms = new Array<number>(channels).fill(0);
  for (let index = 0; index < raw.length; index++) {
    terms[index % channels] += countTerms(Math.abs(Number(raw[index])), digits);
  }
  return terms.map((count) => Math.max(0, count - 1));
}

/** The sum of the word lengths of all elements. */
export function countWordBits({ shape, format }: Pick<IntegerTensor, 'shape' | 'format'>): number {
  const values = spreadValues(format.wordLength);
  return (values.reduce((sum, bits) => sum + bits, 0) * elementCount(shape)) / values.length;
}

/** What the products of a node with learned constants take. */
export interface ProductCost {
  /** Additions of an image with K-hot constants; 0 for others. */
  readonly adders: number;
  readonly bitOperations: number;
}

/** Of an image; zeros for a node that multiplies by nothing learned. */
export function costOfProducts(node: GraphNode, context: NodeContext): ProductCost {
  const { factor } = findOperation(node.operation, layer(node.name));
  if (factor?.learned !== true) return { adders: 0, bitOperations: 0 };
  const constants = context.constants[factor.role];
  const { raw, shape, format } = constants;
  const places = countProducts(node, context) / Math.max(1, raw.length);
  const inputBits = widestWord(context.inputs[0].format.wordLength);
  if (format.kHot === undefined) {
    return { adders: 0, bitOperations: places * inputBits * countWordBits(constants) };
  }
  const adders = countAdders(raw, shape[shape.length - 1], format.kHot.digits).reduce((sum, count) => sum + count, 0);
  return { adders: places * adders, bitOperations: places * adders * inputBits };
}
