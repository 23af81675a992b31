import { createInterface } from 'node:readline';
import { execa } from 'execa';

export interface ProcessOptions {
  readonly signal?: AbortSignal;
  /** Text for standard input. */
  readonly input?: string;
  readonly workingFolder?: string;
  /** Folder for the program's temporary files. */
  readonly temporaryFolder?: string;
  /** The program starts others, as compiler drivers do: all of them are ended together. */
  readonly startsOthers?: boolean;
  /** Called with every line of standard output. */
  readonly onLine?: (line: string) => void;
}

export interface ProcessResult {
  /** Undefined when a signal ended it or it could not start. */
  readonly exitStatus: number | undefined;
  /** One line: how it ended, if not with status 0. */
  readonly ending: string;
  /** What it wrote to standard error, at most the first 64 Ki characters. */
  readonly errorText: string;
}

const longestErrorText = 1 << 16;

/**
 * Runs a program to its end; its failure is a result. When `signal` aborts, the program is ended, and the signal's reason
 * is thrown once it is gone.
 */
export async function runProcess(
  command: string,
  args: readonly string[],
  options: ProcessOptions = {},
): Promise<ProcessResult> {
  const { signal, input, workingFolder, temporaryFolder, onLine } = options;
  signal?.throwIfAborted();
  const ownGroup = (options.startsOthers ?? false) && process.platform !== 'win32';
  const child = execa(command, args, {
    reject: false,
    buffer: false,
    detached: ownGroup,
    ...(workingFolder === undefined ? {} : { cwd: workingFolder }),
    stdin: input === undefined ? 'ignore' : 'pipe',
    ...(input === undefined ? {} : { input }),
    env: temporaryFolder === undefined ? {} : { TMPDIR: temporaryFolder, TEMP: temporaryFolder, TMP: temporaryFolder },
  });
  let errorText = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (errorText.length < longestErrorText) errorText += text.slice(0, longestErrorText - errorText.length);
  });
  if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => onLine?.(line));
  const end = () => {
    if (!ownGroup || child.pid === undefined) return void child.kill('SIGKILL');
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // The group has ended by itself.
    }
  };
  signal?.addEventListener('abort', end, { once: true });
  try {
    const { exitCode, failed, shortMessage } = await child;
    signal?.throwIfAborted();
    return { exitStatus: exitCode, ending: failed ? (shortMessage ?? '').split('\n')[0] : '', errorText };
  } finally {
    signal?.removeEventListener('abort', end);
  }
}
