import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { parseProjectDescription, projectFileName } from '../../../src/hls-codegen/index.js';
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
  /** Macros to define, for example `QFX_NO_MULTIPLY`. */
  readonly defines?: readonly string[];
  /** Further arguments of the testbench. */
  readonly args?: readonly string[];
}

/**
 * Compiles a project as one translation unit, warnings being errors, and runs its testbench on the stored vectors.
 * @returns what the testbench prints; rejects when it doesn't end with status 0
 */
export async function compileAndRun(folder: string, options: CompileOptions): Promise<string> {
  const work = await temporaryFolder();
  const { files, vectors } = await readDescription(folder);
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
  const flags = [...warnings, ...(options.defines ?? []).map((name) => `-D${name}`)];
  await run(options.compiler, ['-std=c++14', '-O0', ...flags, ...includes, ...headers, unit, '-o', program]);
  const { stdout } = await run(program, ['--vectors', join(folder, vectors.folder), ...(options.args ?? [])]);
  return stdout;
}

/** All files of a folder, path (with forward slashes) to bytes, in alphabetical order. */
export async function readFolder(folder: string): Promise<Map<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = paths.sort().map(async (path) => {
    return [relative(folder, path).replaceAll('\\', '/'), await readFile(path)] as const;
  });
  return new Map(await Promise.all(files));
}

/** The description of an emitted project. */
export async function readDescription(folder: string): Promise<ProjectDescription> {
  const file = join(folder, projectFileName);
  return parseProjectDescription(await readFile(file, 'utf8'), file);
}
