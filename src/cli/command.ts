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

/** Exit statuses that scripts can rely on; the last two are the shell's own for an end by Ctrl-C and by `kill`. */
export const exitStatus = { success: 0, failure: 1, usage: 2, SIGINT: 130, SIGTERM: 143 } as const;

/** What a signal of the system ends a command with. */
export class Interruption extends Error {
  override name = 'Interruption';
  constructor(private readonly by: 'SIGINT' | 'SIGTERM') {
    super('interrupted');
  }
  get exitStatus(): number {
    return exitStatus[this.by];
  }
}

/** Aborts at the first Ctrl-C or SIGTERM; a second one does not wait. Returns what stops listening. */
export function listenForInterruption(interruption: AbortController): () => void {
  const interrupt = (by: NodeJS.Signals) => {
    if (by !== 'SIGINT' && by !== 'SIGTERM') return;
    if (interruption.signal.aborted) process.exit(exitStatus[by]);
    interruption.abort(new Interruption(by));
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  return () => void process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
}

/** The user asked for something that the command line cannot mean: exit status 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/**
 * An option whose value is a whole number from 1 on; anything else ends with a UsageError. It is no `number` of yargs',
 * which would make NaN of what was typed.
 */
export function wholeNumberOption(name: string, describe: string) {
  const coerce = (typed: string | number): number => {
    const value = Number(typed);
    if (Number.isSafeInteger(value) && value >= 1) return value;
    throw new UsageError(`--${name} ${typed}: a whole number from 1 on is needed`);
  };
  return { requiresArg: true, describe: `${describe} [number]`, coerce } as const;
}

/** A command line that works when it is pasted, wherever QFX is installed. */
export function pasteable(...words: readonly string[]): string {
  return ['npx', 'qfx', ...words.map(quote)].join(' ');
}

/** A word of a command line as shells read it. */
export function quote(word: string): string {
  return /^[\w./@%+=:,~-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Adds a command to the parser; returns its name. */
export function register<Options>(yargs: Argv, command: Command<Options>): string {
  yargs.command(
    command.command,
    command.describe,
    (subcommand) => {
      return command.options(
        subcommand
          .epilogue(describeExamples(command.examples))
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
  return nameOf(command);
}

/** One under the other: beside each other they would be cut at the width of a terminal. */
function describeExamples(examples: Command<never>['examples']): string {
  return ['Examples:', ...examples.map(([line, description]) => `  ${line}\n      ${description}`)].join('\n');
}

/** An empty text is what an unset variable of a shell leaves; as a path it would mean the working folder. */
function refuseEmpty(argv: Readonly<Record<string, unknown>>): true {
  const empty = Object.keys(argv).find((name) => argv[name] === '');
  if (empty !== undefined) throw new UsageError(`${empty} is empty`);
  return true;
}

async function execute<Options>(command: Command<Options>, options: Options & { json: boolean }): Promise<void> {
  const interruption = new AbortController();
  const stopListening = listenForInterruption(interruption);
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
    reportFailure(error, options.json, { help: helpOf(nameOf(command)), signal: interruption.signal });
  } finally {
    stopListening();
  }
}

/** The first word of a command, its name. */
function nameOf({ command }: Pick<Command<never>, 'command'>): string {
  return command.split(' ')[0];
}

/** The command line that shows the help of a command, or that of all. */
export function helpOf(name?: string): string {
  return pasteable(...(name === undefined ? [] : [name]), '--help');
}

/** Where a failure happened. */
interface FailureContext {
  /** The command line that shows how to do it right. */
  readonly help: string;
  /** Aborted where an interruption is what happened. */
  readonly signal?: AbortSignal;
}

/** Says what went wrong, to people and with `--json` to scripts, and sets the exit status. */
export function reportFailure(error: unknown, json: boolean, { help, signal }: FailureContext): void {
  const interrupted = signal?.aborted ?? false;
  // A message for errors that name their place; the stack of anything else helps us mend it.
  const known = error instanceof QfxError || error instanceof UsageError || isSystemError(error);
  const message = interrupted ? 'interrupted' : error instanceof Error ? error.message : String(error);
  const details = interrupted || known || !(error instanceof Error) ? message : (error.stack ?? message);
  const advice = error instanceof UsageError && !interrupted ? `\nTry: ${help}` : '';
  process.stderr.write(`qfx: ${details.split('\n').map(visible).join('\n')}${advice}\n`);
  if (json) process.stdout.write(`${JSON.stringify({ error: message }, undefined, 2)}\n`);
  if (signal?.reason instanceof Interruption) process.exitCode = signal.reason.exitStatus;
  else process.exitCode = error instanceof UsageError ? exitStatus.usage : exitStatus.failure;
}

/** Errors of the operating system (no such file, disk full) say where by themselves. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}
