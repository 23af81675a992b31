import { plus, nothing } from './dyadic.js';
import type { Dyadic } from './dyadic.js';
import type { Trace } from './contract.js';

/** A sum whose every partial sum is traced, in several orders of addition. */
export function tracedSum(terms: readonly Dyadic[], trace: Trace, intermediate?: string): Dyadic {
  const falling = [...terms].sort((a, b) => Number(b.raw > 0n) - Number(a.raw > 0n));
  for (const order of [terms, [...terms].reverse(), falling, [...falling].reverse()]) {
    order.reduce((sum, term) => {
      const next = plus(sum, term);
      trace(next, intermediate);
      return next;
    }, nothing);
  }
  return terms.reduce(plus, nothing);
}
