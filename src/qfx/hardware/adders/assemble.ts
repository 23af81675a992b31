import { negativeOf, shiftOf, termOf } from './digit.js';
import type { AdderGraph, AdderOperation, AdderOutput } from './graph.js';
import type { DistinctColumns } from './columns.js';
import type { Sums } from './sums.js';

/** A node with a place in a sum. */
interface Summand {
  readonly node: number;
  readonly shift: number;
  readonly negative: boolean;
  readonly depth: number;
}

/** The adder graph of sums: each a tree of adders, no deeper than it must be. */
export function assembleGraph(sums: Sums, outputs: DistinctColumns['outputs']): AdderGraph {
  const operations: AdderOperation[] = [];
  const built = new Map<number, Summand>();

  /** Adds two summands; the lower shift, and the sign where both are negative, stay outside, where they are free. */
  const add = (one: Summand, other: Summand): Summand => {
    const [left, right] = one.negative && !other.negative ? [other, one] : [one, other];
    const shift = Math.min(left.shift, right.shift);
    const at = (summand: Summand) => ({ node: summand.node, shift: summand.shift - shift });
    operations.push({ left: at(left), right: at(right), subtract: left.negative !== right.negative });
    const depth = 1 + Math.max(left.depth, right.depth);
    return { node: sums.inputs + operations.length - 1, shift, negative: left.negative, depth };
  };

  const build = (term: number): Summand => {
    if (sums.isInput(term)) return { node: term, shift: 0, negative: false, depth: 0 };
    const known = built.get(term);
    if (known !== undefined) return known;
    const digits = [...sums.digits[term]].sort((a, b) => a - b);
    const summands = digits.map((digit): Summand => {
      const inner = build(termOf(digit));
      const negative = inner.negative !== (negativeOf(digit) === 1);
      return { ...inner, shift: inner.shift + shiftOf(digit), negative };
    });
    // The two that are there first, again and again: no order gives a smaller depth.
    summands.sort((a, b) => a.depth - b.depth);
    while (summands.length > 1) {
      const sum = add(summands.shift()!, summands.shift()!);
      const place = summands.findIndex(({ depth }) => depth >= sum.depth);
      summands.splice(place < 0 ? summands.length : place, 0, sum);
    }
    built.set(term, summands[0]);
    return summands[0];
  };

  return {
    inputs: sums.inputs,
    outputs: outputs.map((output): AdderOutput | null => {
      if (output === null) return null;
      const { node, shift, negative } = build(sums.inputs + output.column);
      return { node, shift: shift + output.shift, negative: negative !== output.negative };
    }),
    operations,
  };
}
