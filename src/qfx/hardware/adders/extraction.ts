import { negativeOf, packDigit, shiftLimit, shiftOf, termOf } from './digit.js';
import type { Digit } from './digit.js';
import type { Pattern } from './pattern-table.js';
import type { Sums } from './sums.js';

/** Shares what sums have in common, pattern by pattern. */
export class Extraction {
  /** By place of a use: whether it is one of the upper term, and its sign. */
  private marks = new Int32Array(0);
  private generation = 0;

  constructor(
    private readonly sums: Sums,
    /** Whether sums must keep to their depths. */
    private readonly isLimited: boolean,
  ) {}

  /** Shares the most frequent pattern again and again, until none occurs twice. `pick` chooses among equals. */
  run(pick: (head: number) => number): void {
    const { patterns } = this.sums;
    for (let head = patterns.top(); head >= 0; head = patterns.top()) {
      const record = pick(head);
      if (!this.share(patterns.pattern(record))) patterns.block(record);
    }
  }

  /** Makes one sum of a pattern's occurrences; false where fewer than two of them do not overlap. */
  share(pattern: Pattern): boolean {
    const { sums } = this;
    const { lower, upper, distance, opposite } = pattern;
    const depth = this.isLimited ? 1 + Math.max(sums.depths[lower], sums.depths[upper]) : 0;
    const occurrences = this.occurrences(pattern);
    const found = this.isLimited ? this.withinDepths(occurrences, pattern, depth) : occurrences;
    if (found.length < 2) return false;
    const base = Math.min(0, distance);
    // A sum that is the pattern itself serves as the shared one.
    const isHost = (use: Digit) =>
      sums.digits[termOf(use)].length === 2 &&
      shiftOf(use) + base === 0 &&
      (!this.isLimited || sums.depths[termOf(use)] === depth);
    const host = found.find(isHost);
    let shared: number;
    let sign = 0;
    if (host === undefined) {
      shared = sums.create(depth);
      sums.add(shared, packDigit(lower, -base, 0));
      sums.add(shared, packDigit(upper, distance - base, opposite));
    } else {
      shared = termOf(host);
      sign = negativeOf(host);
    }
    for (const use of found) {
      if (use === host) continue;
      const sum = termOf(use);
      const shift = shiftOf(use);
      const negative = negativeOf(use);
      sums.remove(sum, packDigit(lower, shift, negative));
      sums.remove(sum, packDigit(upper, shift + distance, negative ^ opposite));
      sums.merge(sum, packDigit(shared, shift + base, negative ^ sign));
      if (sums.digits[sum].length === 1) while (sums.uses[sum].length > 0) sums.inline(sum, sums.uses[sum][0]);
    }
    sums.settle();
    return true;
  }

  /** The occurrences whose sums keep to their depths with one term of this depth in place of the pattern's two. */
  private withinDepths(occurrences: readonly Digit[], { lower, upper }: Pattern, depth: number): Digit[] {
    const { depths, digits } = this.sums;
    const more = 2 ** depth - 2 ** depths[lower] - 2 ** depths[upper];
    const loads = new Map<number, number>();
    return occurrences.filter((use) => {
      const sum = termOf(use);
      // Terms fit into a tree of depth d when the sum of their 2^depth is at most 2^d.
      const load =
        more + (loads.get(sum) ?? digits[sum].reduce((total, digit) => total + 2 ** depths[termOf(digit)], 0));
      if (load > 2 ** depths[sum]) return false;
      loads.set(sum, load);
      return true;
    });
  }

  /** Uses of the lower term that take part in the pattern, none of them overlapping. */
  private occurrences({ lower, upper, distance, opposite }: Pattern): Digit[] {
    const { uses, digits } = this.sums;
    if (this.marks.length < digits.length * shiftLimit) this.marks = new Int32Array(2 * digits.length * shiftLimit);
    const { marks } = this;
    const generation = ++this.generation * 2;
    for (const use of uses[upper]) marks[use >> 1] = generation | (use & 1);
    const found: Digit[] = [];
    const candidates = lower === upper ? [...uses[lower]].sort((a, b) => a - b) : uses[lower];
    for (const use of candidates) {
      const shift = shiftOf(use) + distance;
      if (shift < 0 || shift >= shiftLimit) continue;
      const place = (use >> 1) + distance;
      if (marks[place] !== (generation | (negativeOf(use) ^ opposite))) continue;
      if (lower === upper) {
        if (marks[use >> 1] < generation) continue;
        marks[use >> 1] = 0;
        marks[place] = 0;
      }
      found.push(use);
    }
    return found;
  }
}
