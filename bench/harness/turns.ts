import { readSync, writeSync } from 'node:fs';
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
export function waitForTurn(): void {
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

/** Takes turns with a function that measures one round; it is called once before to warm up. */
export async function takeTurns(round: () => Promise<Figures> | Figures, versions?: string): Promise<never> {
  await round();
  say({ ready: { versions } });
  for (;;) {
    waitForTurn();
    say({ figures: await round() });
  }
}
