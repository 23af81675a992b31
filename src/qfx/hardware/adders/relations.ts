import { countSignedDigits } from './signed-digits.js';

/** A column as another one, added or subtracted, and a rest of its own. */
export interface Relation {
  readonly column: number;
  /** The other column, one of an earlier relation of the list; null where the rest is the whole column. */
  readonly base: { readonly column: number; readonly negative: boolean } | null;
  readonly rest: readonly number[];
  /** The depth of its sum, at least: of digits that are added in a tree. */
  readonly depth: number;
}

/** The column less its base, by input. */
function restOf(column: readonly number[], base: readonly number[], negative: boolean): number[] {
  return column.map((entry, input) => (negative ? entry + base[input] : entry - base[input]));
}

function countDigits(column: readonly number[]): number {
  let count = 0;
  for (const entry of column) count += countSignedDigits(entry);
  return count;
}

/** The smallest depth of a sum with a term of this depth (null: none) and so many digits of inputs. */
const depthOf = (baseDepth: number | null, digits: number): number =>
  Math.ceil(Math.log2((baseDepth === null ? 0 : 2 ** baseDepth) + digits));

/**
 * Relates columns so that few digits remain: a minimum spanning tree over the columns and zero, where an edge costs the
 * digits of a difference (or sum) and one more for its base (Prim's algorithm).
 */
export function relateColumns(columns: readonly (readonly number[])[], maximumDepth: number): Relation[] {
  const candidates = columns.map((column, index) => {
    const digits = countDigits(column);
    return { column: index, base: null as Relation['base'], cost: digits, depth: depthOf(null, digits) };
  });
  const waiting = new Set(candidates);
  const relations: Relation[] = [];
  while (waiting.size > 0) {
    let next = undefined as (typeof candidates)[number] | undefined;
    for (const candidate of waiting) if (next === undefined || candidate.cost < next.cost) next = candidate;
    const { column, base, depth } = next!;
    waiting.delete(next!);
    const entries = columns[column];
    const rest = base === null ? entries : restOf(entries, columns[base.column], base.negative);
    relations.push({ column, base, rest, depth });
    for (const candidate of waiting)
      for (const negative of [false, true]) {
        const digits = countDigits(restOf(columns[candidate.column], entries, negative));
        const newDepth = depthOf(depth, digits);
        if (digits + 1 >= candidate.cost || newDepth > maximumDepth) continue;
        candidate.base = { column, negative };
        candidate.cost = digits + 1;
        candidate.depth = newDepth;
      }
  }
  return relations;
}

/** Every column on its own. */
export function unrelatedColumns(columns: readonly (readonly number[])[]): Relation[] {
  return columns.map((rest, column) => ({ column, base: null, rest, depth: depthOf(null, countDigits(rest)) }));
}
