import { z } from 'zod';
import { NotRun } from './subject.js';
import type { Comparison, Figures, OpenSide, Subject } from './subject.js';

/** All rounds of a side: the one least disturbed, and the middle one. */
const summarySchema = z.strictObject({ best: z.number().positive(), median: z.number().positive() });
export type Summary = z.infer<typeof summarySchema>;

/** A line of out/bench.json. */
export const resultSchema = z.strictObject({
  /** The subject's name on the command line. */
  group: z.string(),
  subject: z.string(),
  against: z.string(),
  /** Best figure of the measured side over that of the other; null when it was not run. */
  ratio: z.number().positive().nullable(),
  /** Of the figures below; the ratio has none. */
  unit: z.string(),
  reach: z.number().positive(),
  direction: z.enum(['atMost', 'atLeast']),
  reached: z.boolean(),
  /** Rounds of each side. */
  runs: z.int().min(0),
  measured: summarySchema.optional(),
  reference: summarySchema.optional(),
  /** Versions of what was compared with. */
  versions: z.string().optional(),
  /** Why there is no ratio. */
  notRun: z.string().optional(),
  /** Something broke, rather than being absent. */
  failed: z.literal(true).optional(),
  /** When and where it was measured: a file holds lines of several runs. */
  date: z.iso.date(),
  machine: z.string(),
});
export type ComparisonResult = z.infer<typeof resultSchema>;

interface MeasureOptions {
  readonly runs: number;
  /** Both go into the results. */
  readonly date: string;
  readonly machine: string;
  readonly signal: AbortSignal;
  /** Says what is being done. */
  readonly note: (text: string) => void;
}

type SideState = { readonly side: OpenSide; readonly rounds: Figures[] } | { readonly absent: Error };

/** Measures a subject: its sides one after the other, in rounds, so that a busy machine meets all of them. */
export async function measure(subject: Subject, options: MeasureOptions): Promise<ComparisonResult[]> {
  const { runs, date, machine, signal, note } = options;
  const states = new Map<string, SideState>();
  const rounds = subject.isLong ? 1 : Math.max(runs, subject.leastRounds ?? 0);
  const isWanted = ({ measured, reference }: Comparison) =>
    [measured, reference].every((key) => typeof key === 'number' || 'side' in (states.get(key) ?? {}));
  try {
    for (const [key, side] of Object.entries(subject.sides)) {
      note(`${subject.name}: starting ${key}`);
      signal.throwIfAborted();
      states.set(
        key,
        await side.open(signal).then(
          (open): SideState => ({ side: open, rounds: [] }),
          (error: Error): SideState => ({ absent: error }),
        ),
      );
      signal.throwIfAborted();
    }
    const wanted = new Set(
      subject.comparisons.filter(isWanted).flatMap(({ measured, reference }) => [measured, reference]),
    );
    for (let round = 0; round < (wanted.size > 0 ? rounds : 0); round++) {
      note(`${subject.name}: round ${round + 1} of ${rounds}`);
      for (const [key, state] of states) {
        signal.throwIfAborted();
        if (!wanted.has(key) || !('side' in state)) continue;
        try {
          state.rounds.push(await state.side.round());
        } catch (error) {
          signal.throwIfAborted();
          states.set(key, { absent: error as Error });
          await state.side.close();
        }
      }
    }
    return subject.comparisons.map((comparison) => ({ ...compare(subject.name, comparison, states), date, machine }));
  } finally {
    await Promise.allSettled([...states.values()].map((state) => ('side' in state ? state.side.close() : undefined)));
  }
}

function compare(
  group: string,
  comparison: Comparison,
  states: ReadonlyMap<string, SideState>,
): Omit<ComparisonResult, 'date' | 'machine'> {
  const { measured: measuredKey, reference: referenceKey, ...line } = comparison;
  const keys = [measuredKey, referenceKey].filter((key) => typeof key === 'string');
  for (const key of keys) {
    const state = states.get(key);
    if (state === undefined) throw new Error(`subject "${group}" has no side "${key}"`);
    if (!('absent' in state)) continue;
    const failed = !(state.absent instanceof NotRun);
    const notRun = failed ? `${key} failed: ${state.absent.message}` : state.absent.message;
    return { group, ...line, ratio: null, reached: false, runs: 0, notRun, ...(failed && { failed }) };
  }
  const open = keys.map((key) => states.get(key) as Extract<SideState, { side: OpenSide }>);
  const [measured, measuredReference] = open.map(({ rounds }) => summarize(rounds, comparison));
  const reference = typeof referenceKey === 'number' ? { best: referenceKey, median: referenceKey } : measuredReference;
  const ratio = measured.best / reference.best;
  const versions = open.map(({ side }) => side.versions).filter((text) => text !== undefined);
  return {
    group,
    ...line,
    ratio,
    reached: line.direction === 'atMost' ? ratio <= line.reach : ratio >= line.reach,
    runs: open[0].rounds.length,
    measured,
    reference,
    ...(versions.length > 0 && { versions: versions.join(', ') }),
  };
}

/** The best round is the one least disturbed: the shortest time, the highest rate. */
function summarize(rounds: readonly Figures[], { unit, direction, subject }: Comparison): Summary {
  const values = rounds.map((figures) => figures[unit]).sort((a, b) => a - b);
  if (values.length === 0 || values.some((value) => !Number.isFinite(value)))
    throw new Error(`"${subject}": a side does not measure in ${unit}`);
  const middle = (values.length - 1) / 2;
  const median = (values[Math.floor(middle)] + values[Math.ceil(middle)]) / 2;
  return { best: direction === 'atMost' ? values[0] : values[values.length - 1], median };
}
