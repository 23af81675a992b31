import type { IntegerTensor } from '../number/raw-array.js';
import { countTerms } from '../number/k-hot.js';
import type { KHot } from '../number/type.js';
import { findOperation } from '../operations/index.js';
import { layer } from '../operations/operation.js';
import type { NodeContext } from '../operations/operation.js';
import { graphContexts } from './context.js';
import type { Graph, GraphNode } from './graph.js';

/** Magnitudes whose powers of two `countTerms` counts. */
const largestCounted = 2 ** 30;
/** Constants that follow from shapes are worth a multiplication when they are sums of more powers of two than that. */
const maximumShiftedTerms = 8;

/** The constant that a node multiplies with. */
interface Factor {
  readonly node: GraphNode;
  readonly tensor: IntegerTensor;
  readonly learned: boolean;
}

/**
 * The nodes whose products with constants are shifts and additions, each with the set that its constants belong to:
 *
 * - learned constants whose format is K-hot;
 * - constants that follow from shapes (the reciprocals of averages), if they are powers of two, or if nothing else in the
 *   graph multiplies. Then they are sums of as many signed powers as it takes.
 */
export function shiftedProducts(graph: Graph): Map<string, KHot> {
  const contexts = graphContexts(graph);
  const factors = contexts.flatMap(({ node, context }) => factorOf(node, context) ?? []);
  const learned = factors.filter((factor) => factor.learned);
  const others = contexts.filter(({ node, context }) => factorOf(node, context) === undefined);
  const multiplierFree =
    learned.length > 0 &&
    learned.every(({ tensor }) => tensor.format.kHot !== undefined) &&
    others.every(({ node, context }) => countProducts(node, context) === 0);
  const shifted = new Map<string, KHot>();
  for (const factor of factors) {
    const kHot = setOf(factor.tensor, factor.learned);
    const counts = factor.learned || multiplierFree || kHot?.terms === 1;
    if (kHot !== undefined && counts) shifted.set(factor.node.name, kHot);
  }
  return shifted;
}

/** Products with constants of a node, for one image. */
export function countProducts(node: GraphNode, context: NodeContext): number {
  return findOperation(node.operation, layer(node.name)).multiplications(context, node);
}

/**
 * The set that the constants of a node's factor belong to: the declared one, or the smallest one for constants that are not
 * learned; undefined where there is none.
 */
export function factorSet(node: GraphNode, tensors: Graph['tensors']): KHot | undefined {
  const { factor } = findOperation(node.operation, layer(node.name));
  return factor && setOf(tensors[node.constants[factor.role]], factor.learned);
}

function setOf({ format, raw }: IntegerTensor, learned: boolean): KHot | undefined {
  if (learned || format.kHot !== undefined) return format.kHot;
  let terms = 0;
  for (const value of raw) {
    const magnitude = Math.abs(Number(value));
    if (magnitude >= largestCounted) return undefined;
    terms = Math.max(terms, countTerms(magnitude, 'signed'));
  }
  if (terms > maximumShiftedTerms) return undefined;
  return { terms: Math.max(terms, 1), digits: terms > 1 ? 'signed' : 'plain' };
}

function factorOf(node: GraphNode, { constants }: NodeContext): Factor | undefined {
  const { factor } = findOperation(node.operation, layer(node.name));
  return factor && { node, tensor: constants[factor.role], learned: factor.learned };
}
