import { negativeOf, shiftOf, shiftLimit, termOf } from './digit.js';
import type { Digit } from './digit.js';

/**
 * A pattern is what two digits of a sum have in common with two of another one: both terms, the distance of their shifts,
 * and whether their signs differ.
 */
export interface Pattern {
  readonly lower: number;
  readonly upper: number;
  /** Shift of the upper term less that of the lower one. */
  readonly distance: number;
  readonly opposite: number;
}

// Fields of a record of the table.
const first = 0; // the lower term
const second = 1; // the upper term, the distance and the signs
const count = 2;
const inChain = 3; // next record of the same hash
const after = 4; // next and previous record of the same count
const before = 5;
const recordSize = 8; // a power of two

const none = -1;
/** In place of the previous record: not linked, although it occurs more than once. */
const blocked = -2;

/**
 * How often each pattern occurs in all sums together, counted as digits come and go, and the most frequent one at any
 * time. A hash table of records in one typed array; records of the same count, from 2 on, are linked.
 */
export class PatternTable {
  private records = new Int32Array(recordSize * 1024);
  private chains = new Int32Array(1024).fill(none);
  private hashShift = 32 - 10;
  private free = none;
  private end = 0;
  private size = 0;
  private heads = new Int32Array(64).fill(none);
  private highest = 1;
  /** Changes so far: what work is measured in. */
  work = 0;

  /** Counts a pair of digits of a sum once more (`change` = 1) or once less (-1). */
  change(one: Digit, other: Digit, change: 1 | -1): void {
    this.work++;
    const lower = one < other ? one : other;
    const upper = one < other ? other : one;
    const key = termOf(lower);
    const rest =
      (termOf(upper) << 8) |
      ((shiftOf(upper) - shiftOf(lower) + shiftLimit) << 1) |
      (negativeOf(upper) ^ negativeOf(lower));
    const chain = (Math.imul(Math.imul(key, 0x9e3779b1) ^ rest, 0x85ebca6b) >>> this.hashShift) | 0;
    const { records } = this;
    let previous = none;
    let record = this.chains[chain];
    while (record !== none && (records[record + second] !== rest || records[record + first] !== key)) {
      previous = record;
      record = records[record + inChain];
    }
    if (record === none) {
      this.insert(key, rest, chain);
      return;
    }
    const old = records[record + count];
    const now = old + change;
    if (old > 1 && records[record + before] !== blocked) this.unlink(record, old);
    if (now > 1) this.link(record, now);
    records[record + count] = now;
    if (now === 0) {
      if (previous === none) this.chains[chain] = records[record + inChain];
      else records[previous + inChain] = records[record + inChain];
      records[record + inChain] = this.free;
      this.free = record;
      this.size--;
    }
  }

  /** Records of the most frequent patterns, of those with this count or more; `none` (-1) when there are none left. */
  top(): number {
    while (this.highest > 1 && this.heads[this.highest] === none) this.highest--;
    return this.highest > 1 ? this.heads[this.highest] : none;
  }

  /** The next record of the same count. */
  next(record: number): number {
    return this.records[record + after];
  }

  head(frequency: number): number {
    return frequency <= this.highest ? this.heads[frequency] : none;
  }

  /** Leaves a pattern out until its count changes. */
  block(record: number): void {
    this.unlink(record, this.records[record + count]);
    this.records[record + before] = blocked;
  }

  countOf(record: number): number {
    return this.records[record + count];
  }

  pattern(record: number): Pattern {
    const rest = this.records[record + second];
    return {
      lower: this.records[record + first],
      upper: rest >> 8,
      distance: ((rest >> 1) & 127) - shiftLimit,
      opposite: rest & 1,
    };
  }

  private insert(key: number, rest: number, chain: number): void {
    let record = this.free;
    if (record === none) {
      record = this.end;
      this.end += recordSize;
      if (this.end > this.records.length) this.grow();
    } else this.free = this.records[record + inChain];
    const { records } = this;
    records[record + first] = key;
    records[record + second] = rest;
    records[record + count] = 1;
    records[record + inChain] = this.chains[chain];
    this.chains[chain] = record;
    if (++this.size > this.chains.length) this.rehash();
  }

  private grow(): void {
    const records = new Int32Array(2 * this.records.length);
    records.set(this.records);
    this.records = records;
  }

  private rehash(): void {
    const { records } = this;
    const old = this.chains;
    this.chains = new Int32Array(4 * old.length).fill(none);
    this.hashShift -= 2;
    for (let record of old) {
      while (record !== none) {
        const next = records[record + inChain];
        const hash = Math.imul(Math.imul(records[record + first], 0x9e3779b1) ^ records[record + second], 0x85ebca6b);
        const chain = hash >>> this.hashShift;
        records[record + inChain] = this.chains[chain];
        this.chains[chain] = record;
        record = next;
      }
    }
  }

  private link(record: number, frequency: number): void {
    if (frequency >= this.heads.length) {
      const heads = new Int32Array(2 * frequency).fill(none);
      heads.set(this.heads);
      this.heads = heads;
    }
    const { records } = this;
    const head = this.heads[frequency];
    records[record + after] = head;
    records[record + before] = none;
    if (head !== none) records[head + before] = record;
    this.heads[frequency] = record;
    if (frequency > this.highest) this.highest = frequency;
  }

  private unlink(record: number, frequency: number): void {
    const { records } = this;
    const next = records[record + after];
    const previous = records[record + before];
    if (next !== none) records[next + before] = previous;
    if (previous === none) this.heads[frequency] = next;
    else records[previous + after] = next;
  }
}
