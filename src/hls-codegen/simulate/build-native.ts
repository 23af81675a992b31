import { availableParallelism } from 'node:os';
import { relative } from 'node:path';
import { defineFlags } from './build.js';
import type { BuildJob } from './build.js';
import { compileError } from './compile-error.js';
import { runPool } from './pool.js';
import { runProcess } from './process.js';

export const nativeFlags: readonly string[] = ['-std=c++14', '-O3', '-w'];

/** Compiles on all cores, then links. */
export async function buildNative(job: BuildJob): Promise<void> {
  const { compiler, program, workFolder, signal } = job;
  /** Messages name the project's files from its folder on. */
  const place = (path: string) => {
    const inside = relative(program.root, path);
    return inside.startsWith('..') ? path : inside;
  };
  const includes = program.includeFolders.flatMap((folder) => ['-isystem', place(folder)]);
  const run = (args: readonly string[], signal?: AbortSignal, input?: string) =>
    runProcess(compiler.command, args, {
      signal,
      input,
      workingFolder: program.root,
      temporaryFolder: workFolder,
      startsOthers: true,
    });
  const tasks = job.compile.map(({ units, object }) => async (signal: AbortSignal) => {
    const sources = units.map((unit) => place(unit.source));
    const args = [...nativeFlags, ...defineFlags(program), ...includes, '-c', '-x', 'c++', '-', '-o', object];
    const result = await run(args, signal, sources.map((source) => `#include "${source}"\n`).join(''));
    if (result.exitStatus !== 0)
      throw compileError(sources.length === 1 ? sources[0] : 'C simulation', compiler, result);
    job.onCompiled();
  });
  await runPool(tasks, availableParallelism(), signal);
  const linked = await run([...job.link, '-o', job.output], signal);
  if (linked.exitStatus !== 0) throw compileError('the simulation', compiler, linked);
}
