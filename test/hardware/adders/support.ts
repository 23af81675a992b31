import { expect } from 'vitest';
import { adderGraphDepth, evaluateNodes, evaluateAdderGraph } from '../../../src/qfx/hardware/adders/index.js';
import type { AdderGraph, ConstantMatrix } from '../../../src/qfx/hardware/adders/index.js';

/** The matrix that a graph computes: its answers to the unit vectors, row by row. */
export function matrixOf(graph: AdderGraph): bigint[][] {
  const inputs = Array.from({ length: graph.inputs }, (_, index) => index);
  return inputs.map((row) =>
    evaluateAdderGraph(
      graph,
      inputs.map((input) => (input === row ? 1n : 0n)),
    ),
  );
}

const fewest = new Map<bigint, number>([
  [0n, 0],
  [1n, 1],
]);

/** The fewest signed powers of two that make an integer: the last digit of an odd one is 1 or -1, whichever is better. */
export function fewestDigits(value: number | bigint): number {
  const magnitude = BigInt(value) < 0n ? -BigInt(value) : BigInt(value);
  const known = fewest.get(magnitude);
  if (known !== undefined) return known;
  const half = magnitude / 2n;
  const digits = magnitude % 2n === 0n ? fewestDigits(half) : 1 + Math.min(fewestDigits(half), fewestDigits(half + 1n));
  fewest.set(magnitude, digits);
  return digits;
}

/** The smallest depth that a matrix can have: of its column with the most digits. */
export function smallestDepth(matrix: ConstantMatrix): number {
  const digits = (matrix[0] ?? []).map((_, column) => matrix.reduce((sum, row) => sum + fewestDigits(row[column]), 0));
  let depth = 0;
  while (2 ** depth < Math.max(1, ...digits)) depth++;
  return depth;
}

/** Adders of a matrix of signed digits without any sharing. */
export function addersWithoutSharing(matrix: ConstantMatrix): number {
  return (matrix[0] ?? []).reduce((sum, _, column) => {
    const digits = matrix.reduce((total, row) => total + fewestDigits(row[column]), 0);
    return sum + Math.max(0, digits - 1);
  }, 0);
}

/** The graph computes exactly this matrix, reads only what is there, and no operation is idle. */
export function expectExact(graph: AdderGraph, matrix: ConstantMatrix): void {
  expect(graph.inputs).toBe(matrix.length);
  expect(matrixOf(graph)).toEqual(matrix.map((row) => row.map(BigInt)));
  if (matrix.length === 0) expect(graph.outputs).toEqual([]);
  const read = new Set(graph.outputs.flatMap((output) => (output === null ? [] : [output.node])));
  graph.operations.forEach(({ left, right }, index) => {
    for (const { node, shift } of [left, right]) {
      expect(node).toBeLessThan(graph.inputs + index);
      expect(shift).toBeGreaterThanOrEqual(0);
      read.add(node);
    }
  });
  graph.operations.forEach((_, index) => expect(read).toContain(graph.inputs + index));
  expect(
    evaluateNodes(
      graph,
      matrix.map(() => 0n),
    ).every((value) => value === 0n),
  ).toBe(true);
  expect(adderGraphDepth(graph)).toBeGreaterThanOrEqual(smallestDepth(matrix));
}
