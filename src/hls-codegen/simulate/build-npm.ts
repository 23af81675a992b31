import { relative } from 'node:path';
import { QfxError } from '../../qfx/errors.js';
import { defineFlags } from './build.js';
import type { BuildJob } from './build.js';
import { moduleArguments } from './child.js';
import { compileError } from './compile-error.js';
import { runProcess } from './process.js';

export const npmFlags: readonly string[] = ['-std=c++14', '-O3', '-w', '-fno-exceptions', '-msimd128'];

/** Large enough for what a layer keeps on its stack; below the data, so that an overflow is a trap and not a wrong result. */
const npmLinkFlags: readonly string[] = ['-Wl,-z,stack-size=8388608', '-Wl,--stack-first'];

/** Sources that are compiled as one. */
export interface NpmCompileTask {
  readonly sources: readonly string[];
  readonly arguments: readonly string[];
  /** Path of the object file on this machine. */
  readonly object: string;
}

/** What the program npm-compiler-program does, on its standard input as JSON. */
export interface NpmCompilerJob {
  /** Path in the compiler's own file system to path on this machine. */
  readonly files: Readonly<Record<string, string>>;
  readonly compile: readonly NpmCompileTask[];
  readonly link: {
    readonly arguments: readonly string[];
    readonly objects: readonly string[];
    readonly output: string;
  };
}

/** A line that npm-compiler-program writes. */
export type NpmCompilerEvent =
  { readonly event: 'compiled' } | { readonly event: 'failed'; readonly where: string; readonly errorText: string };

/** Compiles and links in one process of its own: loading the compiler takes seconds. */
export async function buildNpm(job: BuildJob): Promise<void> {
  const { compiler, program, signal } = job;
  const place = (path: string) => {
    const inside = relative(program.root, path).replaceAll('\\', '/');
    if (!inside.startsWith('..') && inside !== path) return inside;
    throw new QfxError(
      path,
      "lies outside the project; headers of others need a native compiler (AMD's do not compile here)",
    );
  };
  const includes = program.includeFolders.flatMap((folder) => ['-isystem', place(folder)]);
  const paths = new Set(job.compile.flatMap(({ units }) => units.flatMap((unit) => [unit.source, ...unit.headers])));
  const input: NpmCompilerJob = {
    files: Object.fromEntries([...paths].map((path) => [place(path), path])),
    compile: job.compile.map(({ units, object }) => ({
      sources: units.map((unit) => place(unit.source)),
      arguments: [...npmFlags, ...defineFlags(program), ...includes],
      object,
    })),
    link: { arguments: npmLinkFlags, objects: job.link, output: job.output },
  };
  let failure: (NpmCompilerEvent & { event: 'failed' }) | undefined;
  const result = await runProcess(process.execPath, moduleArguments('npm-compiler-program'), {
    signal,
    input: JSON.stringify(input),
    onLine(line) {
      const event = JSON.parse(line) as NpmCompilerEvent;
      if (event.event === 'compiled') job.onCompiled();
      else failure = event;
    },
  });
  if (failure) throw compileError(failure.where, compiler, { errorText: failure.errorText, ending: '' });
  if (result.exitStatus !== 0) throw compileError('the simulation', compiler, result);
}
