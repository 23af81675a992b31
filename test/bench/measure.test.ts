import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { measure, resultSchema } from '../../bench/harness/measure.js';
import { mergeResults, renewPage, textTable } from '../../bench/harness/report.js';
import { NotRun } from '../../bench/harness/subject.js';
import type { Comparison, Direction, Side, Subject } from '../../bench/harness/subject.js';
import { subjects } from '../../bench/subjects/index.js';

/** Writes down what happens to a side, whose rounds take what `figures` says. */
function recorded(name: string, figures: readonly number[], events: string[]): Side {
  let round = 0;
  return {
    open: () => {
      events.push(`open ${name}`);
      return Promise.resolve({
        round: () => {
          events.push(name);
          const ms = figures[round++ % figures.length];
          return ms > 0 ? Promise.resolve({ ms }) : Promise.reject(new Error('it broke'));
        },
        close: () => Promise.resolve(void events.push(`close ${name}`)),
      });
    },
  };
}

const missing: Side = { open: () => Promise.reject(new NotRun('peer is not installed')) };

function against(reference: string | number, direction: Direction = 'atMost', reach = 0.5): Comparison {
  return { subject: 'ours', against: String(reference), measured: 'a', reference, unit: 'ms', direction, reach };
}

const surroundings = { date: '2026-01-02', machine: 'a machine' };
const options = { runs: 5, ...surroundings, signal: new AbortController().signal, note: () => {} };
const run = (sides: Subject['sides'], ...comparisons: Comparison[]) =>
  measure({ name: 'group', sides, comparisons }, options);

describe('a measurement', () => {
  it('lets the sides take turns, and ends them', async () => {
    const events: string[] = [];
    await run({ a: recorded('a', [1], events), b: recorded('b', [1], events) }, against('b'));
    expect(events.join(' ')).toBe('open a open b a b a b a b a b a b close a close b');
  });

  it('compares the least disturbed rounds, and shows the median', async () => {
    const sides = { a: recorded('a', [5, 9, 2, 7, 6], []), b: recorded('b', [8, 4, 9, 12, 10], []) };
    const [least, most, given] = await run(
      sides,
      against('b'),
      against('b', 'atLeast', 0.8),
      against(8, 'atMost', 0.2),
    );
    expect(least).toMatchObject({ ratio: 2 / 4, reached: true, runs: 5, measured: { best: 2, median: 6 } });
    expect(least.reference).toEqual({ best: 4, median: 9 });
    expect(most).toMatchObject({ ratio: 9 / 12, reached: false });
    expect(given).toMatchObject({ ratio: 2 / 8, reached: false, reference: { best: 8, median: 8 } });
  });

  it.each([
    [{ leastRounds: 7 }, 7],
    [{ leastRounds: 3 }, 5],
    [{ isLong: true }, 1],
  ] as const)('takes as many rounds as a subject needs: %o', async (rounds, expected) => {
    const sides = { a: recorded('a', [1], []) };
    const [{ runs }] = await measure({ name: 'group', sides, comparisons: [against(1)], ...rounds }, options);
    expect(runs).toBe(expected);
  });

  it('reads "not run", never reached, where a peer is missing, and measures the rest', async () => {
    const results = await run(
      { a: recorded('a', [1], []), b: missing, c: recorded('c', [4], []) },
      against('b'),
      against('c'),
    );
    expect(results[0]).toMatchObject({ ratio: null, reached: false, runs: 0, notRun: 'peer is not installed' });
    expect(results[0].failed).toBeUndefined();
    expect(results[1]).toMatchObject({ ratio: 0.25, reached: true });
    const [, notRun, reached, , reason] = textTable(results).split('\n');
    expect(notRun).toContain('not run');
    expect(notRun).not.toContain('reached');
    expect(reached).toContain('reached');
    expect(textTable(results)).toContain('not run (group): peer is not installed');
    expect(reason).toBeUndefined();
  });

  it('asks nothing of a side whose counterpart is missing', async () => {
    const events: string[] = [];
    const sides = { a: recorded('a', [1], events), b: missing, c: recorded('c', [1], events) };
    await run(sides, against('b'), { ...against(4), measured: 'c' });
    expect(events.join(' ')).toBe('open a open c c c c c c close a close c');
  });

  it('tells what broke from what is absent', async () => {
    const events: string[] = [];
    const [result] = await run({ a: recorded('a', [1], events), b: recorded('b', [1, 1, -1], events) }, against('b'));
    expect(result).toMatchObject({ ratio: null, reached: false, notRun: 'b failed: it broke', failed: true });
    expect(events.filter((event) => event.startsWith('close')).sort()).toEqual(['close a', 'close b']);
  });

  it('ends all sides when it is interrupted', async () => {
    const events: string[] = [];
    const interruption = new AbortController();
    const sides = { a: recorded('a', [1], events), b: recorded('b', [1], events) };
    const note = (text: string) => void (text.includes('round 2') && interruption.abort());
    const subject = { name: 'group', sides, comparisons: [against('b')] };
    await expect(measure(subject, { ...options, signal: interruption.signal, note })).rejects.toThrow('aborted');
    expect(events.join(' ')).toBe('open a open b a b close a close b');
  });
});

describe('the results', () => {
  const results = () => run({ a: recorded('a', [1], []), b: missing }, against('b'), against(4));

  it('have the shape of bench.json', async () => {
    const written = JSON.parse(JSON.stringify(await results())) as unknown;
    const [notRun, reached] = z.array(resultSchema).parse(written);
    const keys = [
      'group',
      'subject',
      'against',
      'ratio',
      'unit',
      'reach',
      'direction',
      'reached',
      'runs',
      'date',
      'machine',
    ];
    expect(Object.keys(notRun).sort()).toEqual([...keys, 'notRun'].sort());
    expect(Object.keys(reached).sort()).toEqual([...keys, 'measured', 'reference'].sort());
  });

  it('replace those of an earlier run, group by group', async () => {
    const [line] = await results();
    const lines = (...names: string[]) => names.map((name) => ({ ...line, group: name[0], subject: name }));
    const merged = mergeResults(lines('a1', 'a2', 'c1'), lines('b1', 'a3'), ['a', 'b', 'c']);
    expect(merged.map(({ subject }) => subject)).toEqual(['a3', 'b1', 'c1']);
  });

  it('renew the table of the page and nothing else', async () => {
    const page = 'before\n\n<!-- written by npm run bench -- --write-docs -->\n\nold\n\n<!-- end -->\n\nafter\n';
    const renewed = await renewPage(page, await results());
    expect(renewed).toMatch(/^before\n[^]*Measured on 2026-01-02: a machine\.\n[^]*\nafter\n$/);
    expect(renewed).not.toContain('old');
    expect(renewed).toMatch(/\| not run \|/);
    expect(renewed).toContain('0.25 x');
    expect(await renewPage(renewed, await results())).toBe(renewed);
    await expect(renewPage('no lines', [])).rejects.toThrow('lacks the lines');
  });

  it('keep on the page when and where each was measured', async () => {
    const [first, second] = await results();
    const page = '<!-- written by npm run bench -- --write-docs -->\n\n<!-- end -->\n';
    const other = { date: '2025-12-31', machine: 'another machine', subject: 'earlier' };
    const renewed = await renewPage(page, [first, { ...second, ...other }, second]);
    const [, ...parts] = renewed.split('Measured on ');
    expect(parts).toHaveLength(2);
    expect(parts[0]).toMatch(/^2026-01-02: a machine\.\n[^]*\| ours[^]*\| ours/);
    expect(parts[1]).toMatch(/^2025-12-31: another machine\.\n[^]*\| earlier/);
  });
});

describe('the subjects', () => {
  it('compare sides that they have, under names of their own', () => {
    expect(new Set(subjects.map(({ name }) => name)).size).toBe(subjects.length);
    for (const { name, sides, comparisons } of subjects) {
      const used = comparisons.flatMap(({ measured, reference }) => [measured, reference]);
      const keys = used.filter((key) => typeof key === 'string');
      expect(new Set(keys), name).toEqual(new Set(Object.keys(sides)));
      const lines = comparisons.map(({ subject, against, unit }) => `${subject} ${against} ${unit}`);
      expect(new Set(lines).size, name).toBe(lines.length);
    }
  });
});
