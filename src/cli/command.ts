import type { Argv } from 'yargs';
import { QfxError } from '../qfx/errors.js';
import { createProgress } from './progress.js';
import type { Progress } from './progress.js';
import { visible } from './visible.js';

/** What a command may use while it runs. */
export interface CommandContext {
  /** Standard output must carry exactly one JSON document; everything else goes to standard error. */
  readonly json: boolean;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** A line for the person at the terminal, on standard error. */
  note(text: string): void;
  /** Starts a progress bar with the time left, on standard error. */
  progress(title: string, total: number): Progress;
}

/** What a command found: one document for `--json`, one text for people. */
export interface CommandResult {
  readonly document: unknown;
  readonly text: string;
  /** True when the answer itself is a failure, such as a mismatch: exit status 1. */
  readonly failed?: boolean;
}

/** A command of `qfx`: one file each, thin: it parses, calls one function, formats. */
export interface Command<Options> {
  /** As yargs writes it, for example `export-hls <graph>`. */
  readonly command: string;
  readonly describe: string;
  readonly examples: readonly (readonly [command: string, description: string])[];
  options(yargs: Argv): Argv<Options>;
  run(options: Options, context: CommandContext): Promise<CommandResult>;
}

/** Exit statuses that scripts can rely on. */
export const exitStatus = { success: 0, failure: 1, usage: 2, interrupted: 130 } as const;

/** The user asked for something that the command line cannot mean: exit status 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** An option's value as a whole number from 1 on; throws UsageError naming the option. */
export function wholeNumber(option: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new UsageError(`--${option} ${value}: a whole number from 1 on is needed`);
}

/** Adds a command to the parser. */
export function register<Options>(yargs: Argv, command: Command<Options>): Argv {
  return yargs.command(
    command.command,
    command.describe,
    (subcommand) => {
      for (const [line, description] of command.examples) subcommand.example(line, description);
      return command.options(
        subcommand
          .option('json', {
            type: 'boolean',
            default: false,
            describe: 'Print one JSON document on standard output',
          })
          .check(refuseEmpty),
      );
    },
    (argv) => execute(command, argv as unknown as Options & { json: boolean }),
  );
}

/** An empty text is what an unset variable of a shell leaves; as a path it would mean the working folder. */
function refuseEmpty(argv: Readonly<Record<string, unknown>>): true {
  const empty = Object.keys(argv).find((name) => argv[name] === '');
  if (empty !== undefined) throw new UsageError(`${empty} is empty`);
  return true;
}

async function execute<Options>(command: Command<Options>, options: Options & { json: boolean }): Promise<void> {
  const interruption = new AbortController();
  const interrupt = () => {
    if (interruption.signal.aborted) process.exit(exitStatus.interrupted); // a second Ctrl-C does not wait
    interruption.abort();
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  const open: Progress[] = [];
  const context: CommandContext = {
    json: options.json,
    signal: interruption.signal,
    note: (text) => process.stderr.write(`${text}\n`),
    progress(title, total) {
      const progress = createProgress(title, total);
      open.push(progress);
      return progress;
    },
  };
  try {
    const result = await command.run(options, context).finally(() => open.forEach((progress) => progress.stop()));
    process.stdout.write(options.json ? `${JSON.stringify(result.document, undefined, 2)}\n` : `${result.text}\n`);
    process.exitCode = result.failed ? exitStatus.failure : exitStatus.success;
  } catch (error) {
    reportFailure(error, options.json, interruption.signal);
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  }
}

/** Says what went wrong, to people and with `--json` to scripts, and sets the exit status. */
export function reportFailure(error: unknown, json: boolean, signal?: AbortSignal): void {
  const interrupted = signal?.aborted ?? false;
  // A message for errors that name their place; the stack of anything else helps us mend it.
  const known = error instanceof QfxError || error instanceof UsageError || isSystemError(error);
  const message = interrupted ? 'interrupted' : error instanceof Error ? error.message : String(error);
  const details = interrupted || known || !(error instanceof Error) ? message : (error.stack ?? message);
  const advice = error instanceof UsageError && !interrupted ? '\nTry: qfx --help' : '';
  process.stderr.write(`qfx: ${details.split('\n').map(visible).join('\n')}${advice}\n`);
  if (json) process.stdout.write(`${JSON.stringify({ error: message }, undefined, 2)}\n`);
  if (interrupted) process.exitCode = exitStatus.interrupted;
  else process.exitCode = error instanceof UsageError ? exitStatus.usage : exitStatus.failure;
}

/** Errors of the operating system (no such file, disk full) say where by themselves. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
