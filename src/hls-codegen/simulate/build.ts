import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { BuildCache } from './build-cache.js';
import { buildNative, nativeFlags } from './build-native.js';
import { buildNpm, npmFlags } from './build-npm.js';
import type { Compiler } from './compiler.js';
import { readTranslationUnits } from './translation-units.js';
import type { TranslationUnit } from './translation-units.js';

/** A C++ program. */
export interface ProgramSource {
  /** Folder of the project; messages name files relative to it. */
  readonly root: string;
  /** The top function first, the testbench last. */
  readonly sources: readonly string[];
  /** Folders of headers, in the order in which they are searched. */
  readonly includeFolders: readonly string[];
  /** Macros that are defined. */
  readonly defines?: readonly string[];
}

/** What becomes one object file: sources that are compiled together, as if they were one. */
export interface CompileTask {
  readonly units: readonly TranslationUnit[];
  /** Where the object file goes. */
  readonly object: string;
}

/** What is left to do for a program. */
export interface BuildJob {
  readonly compiler: Compiler;
  readonly program: ProgramSource;
  readonly compile: readonly CompileTask[];
  /** All object files, those still to be compiled included. */
  readonly link: readonly string[];
  /** Where the program goes. */
  readonly output: string;
  /** For temporary files. */
  readonly workFolder: string;
  readonly onCompiled: () => void;
  readonly signal?: AbortSignal;
}

export interface BuildOptions {
  /** Called at the start and after every translation unit. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Compiles and links a program. What was compiled before from the same contents comes from the cache.
 * @returns the path of the program (native) or of the WebAssembly module (npm)
 * @throws QfxError with the compiler's first lines
 */
export async function build(
  compiler: Compiler,
  program: ProgramSource,
  cache: BuildCache,
  { onProgress, signal }: BuildOptions = {},
): Promise<string> {
  const units = await readTranslationUnits(program.sources, program.includeFolders, program.root);
  const flags = [...(compiler.kind === 'npm' ? npmFlags : nativeFlags), ...defineFlags(program)];
  const setting = JSON.stringify([compiler.version, flags, process.platform, process.arch]);
  const digest = (text: string) => createHash('sha256').update(`${setting}\n${text}`).digest('hex').slice(0, 40);
  const groups = groupUnits(units, largestGroup[compiler.kind]);
  const names = groups.map((group) => `${digest(group.map((unit) => unit.digest).join('\n'))}.o`);
  const outputName = digest(names.join('\n')) + (compiler.kind === 'npm' ? '.wasm' : '.exe');
  let done = 0;
  const onCompiled = () => onProgress?.(++done, groups.length);
  onProgress?.(0, groups.length);
  const known = await cache.find(outputName);
  if (known) {
    onProgress?.(groups.length, groups.length);
    return known;
  }
  const objects = await Promise.all(
    names.map(async (name, index) => {
      const cached = await cache.find(name);
      if (cached) onCompiled();
      return {
        units: groups[index],
        name,
        isCached: cached !== undefined,
        object: cached ?? join(cache.workFolder, name),
      };
    }),
  );
  const missing = objects.filter(({ isCached }, index) => !isCached && names.indexOf(names[index]) === index);
  const output = join(cache.workFolder, outputName);
  await (compiler.kind === 'npm' ? buildNpm : buildNative)({
    compiler,
    program,
    compile: missing,
    link: objects.map(({ object }) => object),
    output,
    workFolder: cache.workFolder,
    onCompiled,
    signal,
  });
  for (const { name, object } of missing) await cache.add(name, object);
  return cache.add(outputName, output);
}

/** The compiler's flags for the macros of a program. */
export function defineFlags({ defines = [] }: ProgramSource): string[] {
  return defines.map((name) => `-D${name}`);
}

/**
 * Reading the headers takes most of the time of a small source, so several are compiled as one. Not all: a change is to
 * compile little, and every core is to have its share. The npm compiler runs on one core and reads slowly.
 */
const largestGroup = { native: 6, npm: 12 } as const;

/** The top function (the first source) and the testbench (the last) take longest: they are alone and come first. */
function groupUnits(units: readonly TranslationUnit[], largest: number): TranslationUnit[][] {
  const layers = units.slice(1, -1);
  const count = Math.ceil(layers.length / largest);
  const groups = Array.from({ length: count }, (_, group) => layers.filter((_, index) => index % count === group));
  return [units.slice(-1), ...(units.length > 1 ? [units.slice(0, 1)] : []), ...groups];
}
