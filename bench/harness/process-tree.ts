import { readFile, readdir } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { execa } from 'execa';
import { NotRun } from './subject.js';

/** What a command and everything that it started took, together. */
export interface TreeFigures {
  readonly seconds: number;
  /** Largest sum of their memory at one time, pages that they share counted once. */
  readonly peakBytes: number;
  readonly stdout: string;
}

/** Between two looks at it. */
const milliseconds = 50;

/** Runs a command to its end; throws unless its exit status is 0. Linux only: its /proc tells what memory is whose. */
export async function runTree(
  command: string,
  args: readonly string[],
  { env, signal }: { readonly env?: Readonly<Record<string, string>>; readonly signal: AbortSignal },
): Promise<TreeFigures> {
  if (process.platform !== 'linux') throw new NotRun('peak memory is measured on Linux only');
  const started = performance.now();
  const child = execa(command, args, { env, cancelSignal: signal, stdin: 'ignore' });
  let seconds: number | undefined;
  const ended = child.finally(() => (seconds = (performance.now() - started) / 1e3));
  let peakBytes = 0;
  const watch = async () => {
    while (seconds === undefined) {
      peakBytes = Math.max(peakBytes, await memoryOfTree(child.pid as number));
      await setTimeout(milliseconds);
    }
    return seconds;
  };
  const [{ stdout }, time] = await Promise.all([ended, watch()]);
  return { seconds: time, peakBytes, stdout };
}

async function memoryOfTree(root: number): Promise<number> {
  const parents = new Map<number, number>();
  for (const entry of await readdir('/proc')) {
    if (!/^[0-9]+$/.test(entry)) continue;
    // `pid (name) state ppid ...`; a name may hold anything, also a parenthesis.
    const stat = await read(`/proc/${entry}/stat`);
    parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]));
  }
  const isInTree = (pid: number | undefined): boolean =>
    pid === root || (pid !== undefined && pid > 1 && isInTree(parents.get(pid)));
  const rollups = [...parents.keys()].filter(isInTree).map((pid) => read(`/proc/${pid}/smaps_rollup`));
  const sizes = (await Promise.all(rollups)).map((text) => Number(/^Pss: +([0-9]+) kB$/m.exec(text)?.[1] ?? 0));
  return 1024 * sizes.reduce((sum, size) => sum + size, 0);
}

/** A process may end before it is looked at. */
function read(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
