import type { ConstantMatrix } from './matrix.js';

/**
 * A column without what is free: divided by the power of two that all entries share, its first entry that is not 0
 * positive. Columns that then agree are computed once.
 */
export interface DistinctColumns {
  /** Entry by input, for each distinct column. */
  readonly columns: readonly (readonly number[])[];
  /** What each column of the matrix is of a distinct one; null where it is zero. */
  readonly outputs: readonly ({ readonly column: number; readonly shift: number; readonly negative: boolean } | null)[];
}

export function distinctColumns(matrix: ConstantMatrix): DistinctColumns {
  const columns: number[][] = [];
  const known = new Map<string, number>();
  const outputs = (matrix[0] ?? []).map((_, index) => {
    const entries = matrix.map((row) => row[index]);
    const first = entries.find((entry) => entry !== 0);
    if (first === undefined) return null;
    const shift = Math.min(...entries.map(trailingZeros));
    const divisor = 2 ** shift * Math.sign(first);
    const column = entries.map((entry) => entry / divisor || 0); // no -0
    const key = column.join(' ');
    let place = known.get(key);
    if (place === undefined) {
      place = columns.push(column) - 1;
      known.set(key, place);
    }
    return { column: place, shift, negative: first < 0 };
  });
  return { columns, outputs };
}

/** How often 2 divides an integer; for 0, more often than any other. */
function trailingZeros(value: number): number {
  if (value === 0) return Infinity;
  let count = 0;
  for (; value % 2 === 0; value /= 2) count++;
  return count;
}
