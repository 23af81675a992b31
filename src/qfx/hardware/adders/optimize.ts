import { QfxError } from '../../errors.js';
import { assembleGraph } from './assemble.js';
import { distinctColumns } from './columns.js';
import { packDigit } from './digit.js';
import { Extraction } from './extraction.js';
import type { AdderGraph } from './graph.js';
import { parseConstantMatrix } from './matrix.js';
import type { ConstantMatrix } from './matrix.js';
import { relateColumns, unrelatedColumns } from './relations.js';
import type { Relation } from './relations.js';
import { improve } from './search.js';
import { canonicalSignedDigits } from './signed-digits.js';
import { Sums } from './sums.js';

export interface AdderGraphOptions {
  /** The most adders on a way from an input to an output; default: any number. */
  readonly maximumDepth?: number;
  /** What errors call the matrix; default: `matrix`. */
  readonly where?: string;
}

/** Larger entries are shared as they stand: their digits leave no room for the shifts of a search. */
const searchedMagnitude = 2 ** 40;

/** Work of the search for each pair of digits of the matrix, and at most: seconds for the largest matrices. */
const workPerPair = 0.4;
const mostWork = 5e7;

/**
 * An adder graph for y = xM with few adders; the same matrix always gives the same graph.
 *
 * Columns are written as sums of signed powers of two of the inputs, or as another column plus such a sum where that takes
 * fewer of them. What sums have in common is then shared, the most frequent pair of summands first, and a search
 * improves what was shared.
 *
 * @throws QfxError where the matrix is none, or needs more depth than there may be.
 */
export function optimizeAdderGraph(matrix: ConstantMatrix, options: AdderGraphOptions = {}): AdderGraph {
  const { maximumDepth = Infinity, where = 'matrix' } = options;
  parseConstantMatrix(matrix, where);
  if (maximumDepth !== Infinity) checkDepth(matrix, maximumDepth, where);
  const { columns, outputs } = distinctColumns(matrix);
  const isSearched = columns.every((column) => column.every((entry) => Math.abs(entry) < searchedMagnitude));
  const relations = isSearched ? relateColumns(columns, maximumDepth) : unrelatedColumns(columns);
  const sums = sumsOf(relations, matrix.length, maximumDepth);
  const digits = sums.adders + sums.roots;
  const extraction = new Extraction(sums, maximumDepth !== Infinity);
  extraction.run((head) => head);
  if (isSearched) improve(sums, extraction, Math.min(mostWork, workPerPair * digits ** 2));
  return assembleGraph(sums, outputs);
}

/** A column of n signed digits needs a depth of log2(n): depth d reaches 2^d summands, and no form has fewer digits. */
function checkDepth(matrix: ConstantMatrix, maximumDepth: number, where: string): void {
  if (!Number.isSafeInteger(maximumDepth) || maximumDepth < 0)
    throw new QfxError(where, `a depth of ${maximumDepth} is asked for, needed: a whole number from 0 on`);
  for (const { column, depth } of unrelatedColumns(
    (matrix[0] ?? []).map((_, index) => matrix.map((row) => row[index])),
  ))
    if (depth > maximumDepth)
      throw new QfxError(
        where,
        `column ${column} needs a depth of ${depth}, the fewest for its signed digits; allowed: ${maximumDepth}`,
      );
}

function sumsOf(relations: readonly Relation[], inputs: number, maximumDepth: number): Sums {
  const sums = new Sums(inputs, relations.length);
  const bases = new Set(relations.map(({ base }) => base?.column));
  for (const { column, base, rest, depth } of relations) {
    const root = inputs + column;
    // Others count on the depth of a base; what is an output only may use all that there is.
    sums.depths[root] = bases.has(column) ? depth : maximumDepth;
    if (base !== null) sums.add(root, packDigit(inputs + base.column, 0, base.negative ? 1 : 0));
    rest.forEach((entry, input) => {
      for (const { shift, negative } of canonicalSignedDigits(entry)) sums.add(root, packDigit(input, shift, negative));
    });
  }
  return sums;
}
