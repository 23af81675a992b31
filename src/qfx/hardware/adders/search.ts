import type { Extraction } from './extraction.js';
import { Random } from './random.js';
import type { Sums } from './sums.js';

/** Among so many patterns of the same frequency one is drawn. */
const choice = 16;

/** Draws of a shared sum that may miss before there are taken to be none. */
const patience = 64;

/**
 * Ruin and recreate: dissolves a shared sum drawn at random and shares again what is shared most, with equals drawn at
 * random; kept unless it costs more adders. Ends after so much work, counted in changes of the pattern table, and not
 * after a time, so that the same matrix gives the same graph.
 */
export function improve(sums: Sums, extraction: Extraction, work: number): void {
  const random = new Random(1);
  const { patterns } = sums;
  const draw = (head: number): number => {
    let record = head;
    for (let steps = random.below(choice); steps > 0; steps--) {
      const next = patterns.next(record);
      if (next < 0) break;
      record = next;
    }
    return record;
  };
  const end = patterns.work + work;
  while (patterns.work < end) {
    const term = drawShared(sums, random);
    if (term === undefined) return;
    const before = sums.adders;
    sums.openJournal();
    sums.dissolve(term);
    sums.settle();
    extraction.run(draw);
    if (sums.adders > before) sums.undo();
    else sums.closeJournal();
  }
}

function drawShared(sums: Sums, random: Random): number | undefined {
  const first = sums.inputs + sums.roots;
  const count = sums.digits.length - first;
  for (let tries = 0; tries < patience && count > 0; tries++) {
    const term = first + random.below(count);
    if (sums.digits[term].length > 0) return term;
  }
  return undefined;
}
