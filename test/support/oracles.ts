import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** A thing from outside the repository that some tests compare with: where it is, or how to get it. */
export type Oracle =
  { readonly name: string; readonly path: string } | { readonly name: string; readonly missing: string };

/** The part of vitest's test context that skips a test. */
interface Skipping {
  skip(reason: string): never;
}

/**
 * The path of an oracle. Where it is missing the test is skipped with the reason, or fails if QFX_REQUIRE_ORACLES=1.
 */
export function requireOracle(context: Skipping, oracle: Oracle): string {
  if ('path' in oracle) return oracle.path;
  const reason = `${oracle.name} is missing: ${oracle.missing}`;
  if (process.env.QFX_REQUIRE_ORACLES === '1') throw new Error(reason);
  console.warn(`skipped, ${reason}`);
  return context.skip(reason);
}

/** A native C++ compiler: `CXX`, else g++, else clang++. */
export function findCompiler(): Oracle {
  const names = process.env.CXX ? [process.env.CXX] : ['g++', 'clang++'];
  const path = names.map(findOnPath).find((found) => found !== undefined);
  return path === undefined
    ? { name: 'C++ compiler', missing: 'install g++ or clang++, or set CXX' }
    : { name: names[0], path };
}

/** The folder of AMD's ap_types headers, which holds ap_fixed.h: `QFX_AP_TYPES`, else where setup-oracles.mjs puts them. */
export function findApTypes(): Oracle {
  const path = process.env.QFX_AP_TYPES ?? fileURLToPath(new URL('../../out/oracles/ap_types', import.meta.url));
  return existsSync(join(path, 'ap_fixed.h'))
    ? { name: "AMD's ap_types", path }
    : {
        name: "AMD's ap_types",
        missing: `no ap_fixed.h in ${path}; run node test/support/setup-oracles.mjs, or set QFX_AP_TYPES`,
      };
}

/** The folder that holds SystemC's include/systemc.h: `SYSTEMC_HOME`, else a usual place. */
export function findSystemC(): Oracle {
  const name = 'SystemC';
  const candidates = process.env.SYSTEMC_HOME ? [process.env.SYSTEMC_HOME] : ['/usr', '/usr/local', '/opt/homebrew'];
  const path = candidates.find((folder) => existsSync(join(folder, 'include', 'systemc.h')));
  return path === undefined
    ? { name, missing: 'install it (Debian: libsystemc-dev), or set SYSTEMC_HOME' }
    : { name, path };
}

/** Compiler options for SystemC in a folder; /usr is on every compiler's path already, and must not be named again. */
export function systemCFlags(path: string): string[] {
  return path === '/usr' ? [] : ['-isystem', join(path, 'include'), `-L${join(path, 'lib')}`];
}

/** What AMD's headers and SystemC need so that only warnings from other files remain. */
export const foreignHeaderFlags = [
  '-Wno-uninitialized',
  '-Wno-maybe-uninitialized',
  '-Wno-misleading-indentation',
  '-Wno-unknown-pragmas',
  '-Wno-unused-label',
] as const;

const execute = promisify(execFile);

/** Runs a program to its end; rejects with everything it printed when its exit status isn't 0. */
export async function runProgram(program: string, parameters: readonly string[], folder?: string): Promise<string> {
  const environment = { ...process.env, SYSTEMC_DISABLE_COPYRIGHT_MESSAGE: '1' };
  const { stdout } = await execute(program, [...parameters], { cwd: folder, env: environment, maxBuffer: 1 << 26 });
  return stdout;
}

function findOnPath(name: string): string | undefined {
  if (name.includes('/') || name.includes('\\')) return existsSync(name) ? name : undefined;
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', ''] : [''];
  return (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => endings.map((ending) => join(folder, name + ending)))
    .find((path) => existsSync(path));
}
