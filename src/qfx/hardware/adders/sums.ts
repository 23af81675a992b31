import { composeDigit, negativeOf, packDigit, placeOf, shiftOf, termOf } from './digit.js';
import type { Digit } from './digit.js';
import { PatternTable } from './pattern-table.js';

// In place of a digit in the journal.
const released = -1;
/** This, less the depth that the term had before. */
const created = -2;

/**
 * Sums of shifted terms. Terms are the inputs, 0 .. inputs - 1, and the sums themselves from there on. The roots are the
 * sums that outputs need; all others exist because several sums use them. A sum of n digits costs n - 1 adders.
 */
export class Sums {
  /** Digits by term; those of inputs are empty. */
  readonly digits: Digit[][] = [];
  /** Where a term is used, by term: as a digit whose term is the user. */
  readonly uses: Digit[][] = [];
  /** The depth that a term may have at most, by term; kept only where depths are limited. */
  readonly depths: number[] = [];
  readonly patterns = new PatternTable();
  /** Terms of dissolved sums, to be used again. */
  private readonly idle: number[] = [];
  /** Shared sums that may have lost all uses but one since they were last settled. */
  private readonly lonely: number[] = [];
  /** Digits of all sums, less the number of sums that have any: the adders. */
  adders = 0;
  /** What has been done since the journal was opened; undone backwards. */
  private journal: number[] | undefined;

  constructor(
    readonly inputs: number,
    readonly roots: number,
  ) {
    for (let term = 0; term < inputs + roots; term++) this.newTerm();
  }

  private newTerm(): number {
    this.digits.push([]);
    this.uses.push([]);
    this.depths.push(0);
    return this.digits.length - 1;
  }

  isInput(term: number): boolean {
    return term < this.inputs;
  }

  /** A sum that exists for being shared only. */
  isShared(term: number): boolean {
    return term >= this.inputs + this.roots;
  }

  /** A new shared sum without digits that may have this depth. */
  create(depth: number): number {
    const term = this.idle.pop() ?? this.newTerm();
    this.journal?.push(term, created - this.depths[term]);
    this.depths[term] = depth;
    return term;
  }

  /** Gives a shared sum back that has no digits and no uses. */
  release(term: number): void {
    this.idle.push(term);
    this.journal?.push(term, released);
  }

  /** Adds a digit at a place that the sum has not taken yet. */
  add(sum: number, digit: Digit): void {
    const digits = this.digits[sum];
    const { patterns } = this;
    for (let index = 0; index < digits.length; index++) patterns.change(digits[index], digit, 1);
    if (digits.push(digit) > 1) this.adders++;
    this.uses[termOf(digit)].push(packDigit(sum, shiftOf(digit), negativeOf(digit)));
    if (this.journal !== undefined) this.journal.push(sum, digit);
  }

  remove(sum: number, digit: Digit): void {
    const digits = this.digits[sum];
    const { patterns } = this;
    take(digits, digit);
    for (let index = 0; index < digits.length; index++) patterns.change(digits[index], digit, -1);
    if (digits.length > 0) this.adders--;
    const term = termOf(digit);
    const uses = this.uses[term];
    take(uses, packDigit(sum, shiftOf(digit), negativeOf(digit)));
    if (uses.length <= 1 && this.isShared(term)) this.lonely.push(term);
    if (this.journal !== undefined) this.journal.push(~sum, digit);
  }

  /** Adds a digit wherever; one that is there already cancels, or makes the next power of two. */
  merge(sum: number, digit: Digit): void {
    for (;;) {
      const place = placeOf(digit);
      const there = this.digits[sum].find((other) => placeOf(other) === place);
      if (there === undefined) return this.add(sum, digit);
      this.remove(sum, there);
      if (there !== digit) return;
      digit += 2;
    }
  }

  /** Puts a sum's digits in place of one of its uses. */
  inline(term: number, use: Digit): void {
    const user = termOf(use);
    const outer = packDigit(term, shiftOf(use), negativeOf(use));
    this.remove(user, outer);
    for (const inner of this.digits[term]) this.merge(user, composeDigit(outer, inner));
  }

  /** Puts a shared sum's digits in place of all of its uses; the sum is gone. */
  dissolve(term: number): void {
    const uses = this.uses[term];
    while (uses.length > 0) this.inline(term, uses[uses.length - 1]);
    const digits = this.digits[term];
    while (digits.length > 0) this.remove(term, digits[digits.length - 1]);
    this.release(term);
  }

  /** Dissolves the shared sums that have no reason any more: one use, or none. */
  settle(): void {
    for (let term = this.lonely.pop(); term !== undefined; term = this.lonely.pop())
      if (this.uses[term].length <= 1 && this.digits[term].length > 0) this.dissolve(term);
  }

  /** From here on, changes can be undone. */
  openJournal(): void {
    this.journal = [];
  }

  closeJournal(): void {
    this.journal = undefined;
  }

  /** Undoes all changes since the journal was opened. */
  undo(): void {
    const journal = this.journal!;
    this.journal = undefined;
    for (let index = journal.length - 2; index >= 0; index -= 2) {
      const sum = journal[index];
      const entry = journal[index + 1];
      if (entry === released) this.idle.pop();
      else if (entry <= created) {
        this.idle.push(sum);
        this.depths[sum] = created - entry;
      } else if (sum >= 0) this.remove(sum, entry);
      else this.add(~sum, entry);
    }
    this.lonely.length = 0;
  }
}

/** Takes a value out of an array that is in no order. */
function take(values: number[], value: number): void {
  const index = values.lastIndexOf(value);
  const last = values.pop()!;
  if (index < values.length) values[index] = last;
}
