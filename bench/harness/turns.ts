import { readFileSync, readSync, writeSync } from 'node:fs';
import type { Figures } from './subject.js';

/** The child's half of child.ts: what a process that is a side says. */
function say(message: object): void {
  writeSync(1, `${JSON.stringify(message)}\n`);
}

/** Ends this side: something that it needs is not there. */
export function missing(reason: string): never {
  say({ missing: reason });
  process.exit();
}

/** Waits for this side's next turn; ends the process when there is none. Blocks: a side rests while another one works. */
function waitForTurn(): void {
  const byte = Buffer.alloc(1);
  do if (readByte(byte) === 0) process.exit();
  while (byte[0] !== 0x0a);
}

function readByte(byte: Buffer): number {
  for (;;)
    try {
      return readSync(0, byte);
    } catch (error) {
      // Node hands a child a pipe that does not block.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
    }
}

/** A round's clocks: wall time, and the time that all threads of this process computed. */
export class Stopwatch {
  private readonly wall = performance.now();
  private readonly cpu = process.cpuUsage();

  /** Milliseconds, divided by `count`. */
  read(count: number): { readonly ms: number; readonly 'CPU ms': number } {
    const { user, system } = process.cpuUsage(this.cpu);
    return { ms: (performance.now() - this.wall) / count, 'CPU ms': (user + system) / 1e3 / count };
  }
}

/** Seconds that this process and all processes that it has started and that have ended computed so far; Linux only. */
export function cpuSecondsOfFamily(): number {
  if (process.platform !== 'linux') missing('the computing time of child processes is measured on Linux only');
  const stat = readFileSync('/proc/self/stat', 'utf8');
  // `pid (name) state ...`: fields 14 to 17 are user and system time, own and of the children, in hundredths.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / 100;
}

/**
 * Rounds of something that runs on by itself and calls `tick` after each of its steps: some to warm up, then `perRound` of
 * them each turn.
 */
export function steppingTurns(warmUp: number, perRound: number): { tick(): void } {
  let done = 0;
  let watch: Stopwatch | undefined;
  return {
    tick() {
      done++;
      if (done < warmUp || (watch && done < perRound)) return;
      if (watch) say({ figures: watch.read(perRound) });
      else say({ ready: {} });
      waitForTurn();
      done = 0;
      warmUp = 0;
      watch = new Stopwatch();
    },
  };
}

/** Takes turns with a function that measures one round; it is called once before, to warm up, unless it is to start cold. */
export async function takeTurns(
  round: () => Promise<Figures> | Figures,
  { cold = false }: { readonly cold?: boolean } = {},
): Promise<never> {
  if (!cold) await round();
  say({ ready: {} });
  for (;;) {
    waitForTurn();
    say({ figures: await round() });
  }
}
