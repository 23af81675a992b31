/** What one round of a side measures: figures by unit, `{ ms: 12.5 }` or `{ s: 90, GB: 0.8 }`. */
export type Figures = Readonly<Record<string, number>>;

/** Something that is measured round after round: a process of its own, or work of ours in other processes. */
export interface Side {
  /** Starts it and warms it up, once; throws NotRun where it cannot run here. */
  open(signal: AbortSignal): Promise<OpenSide>;
}

export interface OpenSide {
  /** What runs, with versions, where that is not QFX itself: `Brevitas 0.13.4, PyTorch 2.15.0`. */
  readonly versions?: string;
  round(): Promise<Figures>;
  close(): Promise<void>;
}

/** Why a side is not measured here: something that it needs is not installed. */
export class NotRun extends Error {
  override name = 'NotRun';
}

export type Direction = 'atMost' | 'atLeast';

/** One line of the result: a side against another one, or against a figure. */
export interface Comparison {
  /** What is measured, as a reader should see it. */
  readonly subject: string;
  readonly against: string;
  /** Keys of `sides`; a number is a figure in `unit` that is given, not measured. */
  readonly measured: string;
  readonly reference: string | number;
  /** The unit of both figures; their ratio has none. */
  readonly unit: string;
  /** `atMost`: figures where less is better, such as times. `atLeast`: where more is, such as images per second. */
  readonly direction: Direction;
  /** What the ratio should be, at most or at least. */
  readonly reach: number;
}

/** Sides that take turns, and what is compared of them. */
export interface Subject {
  /** Names it on the command line. */
  readonly name: string;
  readonly sides: Readonly<Record<string, Side>>;
  readonly comparisons: readonly Comparison[];
  /** Rounds of it take so long that one has to do. Otherwise there are at least five. */
  readonly isLong?: true;
  /** Rounds that it takes where fewer are asked for. */
  readonly leastRounds?: number;
}
