import { mkdtempSync, openSync, closeSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WASI } from 'node:wasi';
import { commands, runLLVM } from '@yowasp/clang';
import type { Tree } from '@yowasp/clang';
import { execa } from 'execa';
import { findApTypes, findCompiler, foreignHeaderFlags, requireOracle } from '../support/oracles.js';

const folderOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const programs = folderOf('programs');
const library = folderOf('../../templates/hls/include');
const simulation = folderOf('../../templates/hls/simulation');

/** Which headers a program is compiled with, and by which compiler; AMD's do not compile with libc++, which npm's has. */
export type Build = 'bundled headers' | "AMD's headers" | 'bundled headers, npm compiler';

const warnings = ['-Wall', '-Wextra', '-Werror', '-Wno-unknown-pragmas'];

type Context = Parameters<typeof requireOracle>[0];

/** Compiles and runs a program of test/cpp/programs; gives its output, or throws with what the compiler or it printed. */
export async function runTestProgram(
  context: Context,
  build: Build,
  program: string,
  flags: readonly string[] = [],
): Promise<string> {
  return withFolder(async (folder) => {
    if (build === 'bundled headers, npm compiler') return runOnWebAssembly(program, flags, folder);
    const executable = join(folder, 'program');
    const parameters = [
      ...(await nativeParameters(context, build)),
      ...flags,
      '-o',
      executable,
      join(programs, program),
    ];
    await execa(requireOracle(context, findCompiler()), parameters);
    return (await execa(executable)).stdout;
  });
}

/** What a native compiler says about a program text; an empty string where it compiles. */
export async function compileText(context: Context, text: string, flags: readonly string[] = []): Promise<string> {
  const parameters = await nativeParameters(context, 'bundled headers');
  const options = { input: text, reject: false } as const;
  const compiler = requireOracle(context, findCompiler());
  const { stderr } = await execa(compiler, [...parameters, ...flags, '-fsyntax-only', '-x', 'c++', '-'], options);
  return stderr;
}

/** Compiles and runs a program text; gives its exit status and what it wrote on stderr. */
export async function runText(context: Context, text: string): Promise<{ status: number | undefined; stderr: string }> {
  return withFolder(async (folder) => {
    const executable = join(folder, 'program');
    const parameters = [...(await nativeParameters(context, 'bundled headers')), '-o', executable, '-x', 'c++', '-'];
    await execa(requireOracle(context, findCompiler()), parameters, { input: text });
    const { exitCode, stderr } = await execa(executable, { reject: false });
    return { status: exitCode, stderr };
  });
}

async function nativeParameters(context: Context, build: Build): Promise<string[]> {
  const headers =
    build === 'bundled headers' ? ['-I', simulation] : ['-isystem', requireOracle(context, findApTypes())];
  const foreign = build === 'bundled headers' ? [] : [...foreignHeaderFlags, '-isystem', simulation];
  return ['-std=c++14', '-O0', ...warnings, '-I', library, ...headers, ...foreign];
}

async function withFolder<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'qfx-cpp-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readTree(folder: string): Tree {
  const entries = readdirSync(folder, { withFileTypes: true });
  return Object.fromEntries(
    entries.map((entry) => {
      const path = join(folder, entry.name);
      return [entry.name, entry.isDirectory() ? readTree(path) : readFileSync(path, 'utf8')];
    }),
  );
}

/** The type libraries without a browser know WebAssembly's types, but not its functions. */
interface WebAssemblyFunctions {
  compile(bytes: Uint8Array): Promise<object>;
  instantiate(module: object, imports: object): Promise<object>;
}

async function compileToWebAssembly(program: string, flags: readonly string[]): Promise<Uint8Array> {
  const decoder = new TextDecoder();
  let messages = '';
  await runLLVM(undefined, {}, { fetchProgress: () => {} }); // loads it; by itself it would print its progress
  try {
    const files = { programs: readTree(programs), include: readTree(library), simulation: readTree(simulation) };
    const parameters = ['-fno-exceptions', '-O1', '-std=c++14', ...warnings, '-Iinclude', '-Isimulation', ...flags];
    const listen = (bytes: Uint8Array | null) => void (bytes && (messages += decoder.decode(bytes, { stream: true })));
    const clang = commands['clang++'];
    const tree = await clang([...parameters, `programs/${program}`, '-o', 'program.wasm'], files, { stderr: listen });
    return tree?.['program.wasm'] as Uint8Array;
  } catch (error) {
    throw new Error(`${program}: ${messages}`, { cause: error });
  }
}

async function runOnWebAssembly(program: string, flags: readonly string[], folder: string): Promise<string> {
  const { compile, instantiate } = Reflect.get(globalThis, 'WebAssembly') as WebAssemblyFunctions;
  const module = await compile(await compileToWebAssembly(program, flags));
  const output = join(folder, 'output');
  const stdout = openSync(output, 'w');
  try {
    const wasi = new WASI({ version: 'preview1', args: ['program'], stdout, returnOnExit: true });
    const status = wasi.start(await instantiate(module, wasi.getImportObject()));
    const text = readFileSync(output, 'utf8').trimEnd();
    if (status !== 0) throw new Error(`exit status ${status}: ${text}`);
    return text;
  } finally {
    closeSync(stdout);
  }
}
