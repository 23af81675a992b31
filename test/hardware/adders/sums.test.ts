import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { negativeOf, packDigit, shiftLimit, shiftOf, termOf } from '../../../src/qfx/hardware/adders/digit.js';
import { Sums } from '../../../src/qfx/hardware/adders/sums.js';

const inputs = 3;
const roots = 2;

/** What a sum is in the inputs. */
function valueOf(sums: Sums, term: number): number[] {
  if (sums.isInput(term)) return Array.from({ length: inputs }, (_, input) => (input === term ? 1 : 0));
  return sums.digits[term].reduce(
    (total, digit) => {
      const value = valueOf(sums, termOf(digit));
      const factor = 2 ** shiftOf(digit) * (negativeOf(digit) === 1 ? -1 : 1);
      return total.map((entry, input) => entry + factor * value[input]);
    },
    [0, 0, 0],
  );
}

const nameOf = (...fields: readonly number[]) => fields.join(' ');

/** How often each pattern occurs, counted from nothing. */
function patternCounts(sums: Sums): Map<string, number> {
  const counts = new Map<string, number>();
  for (const digits of sums.digits)
    for (const one of digits)
      for (const other of digits) {
        if (one >= other) continue;
        const distance = shiftOf(other) - shiftOf(one);
        const pattern = nameOf(termOf(one), termOf(other), distance, negativeOf(one) ^ negativeOf(other));
        counts.set(pattern, (counts.get(pattern) ?? 0) + 1);
      }
  return counts;
}

/** The table's most frequent pattern is one; where it has none, none occurs twice. */
function expectMostFrequent(sums: Sums): void {
  const counts = patternCounts(sums);
  const most = Math.max(1, ...counts.values());
  const top = sums.patterns.top();
  if (top < 0) return expect(most).toBe(1);
  const { lower, upper, distance, opposite } = sums.patterns.pattern(top);
  expect(most).toBeGreaterThan(1);
  expect(counts.get(nameOf(lower, upper, distance, opposite))).toBe(most);
}

const digit = fc
  .tuple(fc.integer({ min: 0, max: inputs - 1 }), fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 1 }))
  .map(([term, shift, negative]) => packDigit(term, shift, negative));
const step = fc.tuple(fc.integer({ min: inputs, max: inputs + roots - 1 }), digit);

describe('Sums', () => {
  it('cancel digits that meet, and carry those that double', () => {
    const sums = new Sums(inputs, roots);
    for (const shift of [0, 1, 2]) sums.merge(3, packDigit(0, shift, 0));
    sums.merge(3, packDigit(1, 4, 1));
    sums.merge(3, packDigit(0, 0, 0));
    expect(sums.digits[3].toSorted()).toEqual([packDigit(0, 3, 0), packDigit(1, 4, 1)].toSorted());
    expect(sums.adders).toBe(1);
    sums.merge(3, packDigit(0, 3, 1));
    expect(sums.digits[3]).toEqual([packDigit(1, 4, 1)]);
    expect(sums.adders).toBe(0);
  });

  it('keep values, adders and the most frequent pattern through all changes, and undo them', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), fc.array(step, { maxLength: 40 }), (first, then) => {
        const sums = new Sums(inputs, roots);
        const values = new Map([3, 4].map((sum) => [sum, [0, 0, 0]]));
        const merge = ([sum, added]: readonly [number, number]) => {
          sums.merge(sum, added);
          values.get(sum)![termOf(added)] += 2 ** shiftOf(added) * (negativeOf(added) === 1 ? -1 : 1);
        };
        const check = () => {
          for (const [sum, value] of values) expect(valueOf(sums, sum)).toEqual(value);
          const lengths = [3, 4].map((sum) => Math.max(0, sums.digits[sum].length - 1));
          expect(sums.adders).toBe(lengths[0] + lengths[1]);
          expectMostFrequent(sums);
          for (const [term, uses] of sums.uses.entries())
            expect(uses.toSorted()).toEqual(
              sums.digits
                .flatMap((digits, sum) => digits.filter((other) => termOf(other) === term).map((other) => [sum, other]))
                .map(([sum, other]) => packDigit(sum, shiftOf(other), negativeOf(other)))
                .toSorted(),
            );
        };
        first.forEach(merge);
        check();
        const before = sums.digits.map((digits) => digits.toSorted());
        const kept = structuredClone(values);
        sums.openJournal();
        const shared = sums.create(0);
        then.slice(0, 3).forEach(([, added]) => sums.merge(shared, added));
        then.slice(3).forEach(merge);
        sums.add(3, packDigit(shared, shiftLimit - 20, 1));
        sums.dissolve(shared);
        sums.undo();
        for (const [sum, value] of kept) values.set(sum, value);
        expect(sums.digits.slice(0, inputs + roots).map((digits) => digits.toSorted())).toEqual(before);
        check();
        // Terms that are free again are free once.
        const free = [sums.create(0), sums.create(0)];
        expect(free[0]).not.toBe(free[1]);
        for (const term of free) expect(sums.digits[term]).toEqual([]);
      }),
      { seed: 20261128, numRuns: 500 },
    );
  });
});
