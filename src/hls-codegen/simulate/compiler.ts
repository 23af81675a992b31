import { execa } from 'execa';
import { QfxError } from '../../qfx/errors.js';
import { npmCompilerVersion } from './npm-compiler.js';

/** What compiles the C simulation. */
export interface Compiler {
  /** `native` makes programs of this machine; `npm` is the clang in WebAssembly that QFX brings along. */
  readonly kind: 'native' | 'npm';
  /** The command, or `npm`. */
  readonly command: string;
  /** The first line that the compiler says of itself: for people, and for the cache of its results. */
  readonly version: string;
}

/** Compilers looked for when nothing is said, in this order. */
const usualCommands = ['g++', 'clang++'] as const;

/** A compiler without its standard library is no help; this finds out. */
const probe = '#include <fstream>\n#include <vector>\nint main() { return 0; }\n';

/**
 * Chooses the compiler: `wanted` (a compiler's path, or `npm`), else g++ or clang++ on the path, else the one that npm has
 * installed.
 * @param wanted defaults to the environment's `QFX_CXX`
 * @throws QfxError when `wanted` names something that does not compile C++
 */
export async function findCompiler(wanted = process.env.QFX_CXX, signal?: AbortSignal): Promise<Compiler> {
  if (wanted && wanted !== 'npm') {
    const found = await tryNative(wanted, signal);
    if (typeof found !== 'string') return found;
    throw new QfxError(
      `QFX_CXX=${wanted}`,
      `${found}; allowed: a C++ compiler's path, or npm for the one in WebAssembly`,
    );
  }
  if (!wanted) {
    for (const command of usualCommands) {
      const found = await tryNative(command, signal);
      if (typeof found !== 'string') return found;
    }
  }
  return { kind: 'npm', command: 'npm', version: npmCompilerVersion() };
}

/** A native compiler that works, or the reason why it does not. */
export async function tryNative(command: string, signal?: AbortSignal): Promise<Compiler | string> {
  // On macOS without developer tools, g++ and clang++ are stubs that open a dialog.
  if (process.platform === 'darwin' && !(await succeeds('xcode-select', ['-p'], '', signal))) {
    return 'the developer tools are not installed (xcode-select --install)';
  }
  const version = await ask(command, ['--version'], '', signal);
  if (version.failed) return `it does not run (${version.message})`;
  const check = await ask(command, ['-std=c++14', '-fsyntax-only', '-x', 'c++', '-'], probe, signal);
  if (check.failed) return `it compiles no C++ (${check.message})`;
  return { kind: 'native', command, version: version.output };
}

async function succeeds(command: string, args: string[], input: string, signal?: AbortSignal): Promise<boolean> {
  return !(await ask(command, args, input, signal)).failed;
}

/** The first line that a command says. */
async function ask(command: string, args: string[], input: string, signal?: AbortSignal) {
  const { failed, stdout, stderr, shortMessage, isCanceled } = await execa(command, args, {
    input,
    reject: false,
    cancelSignal: signal,
  });
  if (isCanceled) signal?.throwIfAborted();
  const firstLine = (text: string) => text.trim().split('\n')[0];
  return { failed, output: firstLine(stdout), message: firstLine(stderr || shortMessage || '') };
}
