import { createRequire } from 'node:module';
import type { Argv } from 'yargs';
import { UsageError } from './command.js';

// The ES module of yargs breaks the lines of its help in the middle of words; its CommonJS form has the library that doesn't.
const yargs = createRequire(import.meta.url)('yargs/yargs') as (args: readonly string[]) => Argv;

/** What every command line of ours has in common: help in one language, as wide as the terminal, and UsageErrors. */
export function createParser(args: readonly string[]): Argv {
  return yargs(args)
    .detectLocale(false)
    .wrap(Math.min(110, process.stdout.columns ?? 110))
    .fail((message: string | null, error: Error | undefined) => {
      throw new UsageError(message ?? error?.message ?? 'wrong usage');
    });
}
