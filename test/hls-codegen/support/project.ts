import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import type { ProjectDescription } from '../../../src/hls-codegen/index.js';

/** A folder that is removed when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'qfx-hls-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** What our own files must compile without a warning under; the last ones for AMD's headers only. */
const warnings = ['-Wall', '-Wextra', '-Werror', '-Wno-unknown-pragmas', '-Wno-unused-label'];
const apTypesWarnings = ['-Wno-uninitialized', '-Wno-maybe-uninitialized', '-Wno-misleading-indentation'];

export interface CompileOptions {
  readonly compiler: string;
  /** Folder of AMD's headers. */
  readonly apTypes?: string;
}

/**
 * Compiles a project as one translation unit, warnings being errors, and runs its testbench on the stored vectors.
 * @returns what the testbench prints; rejects when it doesn't end with status 0
 */
export async function compileAndRun(
  folder: string,
  project: ProjectDescription,
  options: CompileOptions,
): Promise<string> {
  const work = await temporaryFolder();
  const { files } = project;
  const unit = join(work, 'all.cpp');
  await writeFile(
    unit,
    [...files.sources, files.testbench].map((path) => `#include "${join(folder, path)}"\n`).join(''),
  );
  const headers = options.apTypes
    ? [...apTypesWarnings, '-isystem', options.apTypes, '-isystem', join(folder, files.simulationFolder)]
    : ['-I', join(folder, files.simulationFolder)];
  const includes = files.includeFolders.flatMap((path) => ['-I', join(folder, path)]);
  const program = join(work, 'program');
  const run = promisify(execFile);
  await run(options.compiler, ['-std=c++14', '-O0', ...warnings, ...includes, ...headers, unit, '-o', program]);
  const { stdout } = await run(program, ['--vectors', join(folder, project.vectors.folder)]);
  return stdout;
}
