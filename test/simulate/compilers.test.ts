import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { BuildCache } from '../../src/hls-codegen/simulate/build-cache.js';
import { build } from '../../src/hls-codegen/simulate/build.js';
import { findCompiler, tryNative } from '../../src/hls-codegen/simulate/compiler.js';
import { runPool } from '../../src/hls-codegen/simulate/pool.js';
import { runProcess } from '../../src/hls-codegen/simulate/process.js';
import { readTranslationUnits } from '../../src/hls-codegen/simulate/translation-units.js';
import { findCompiler as findNative, requireOracle } from '../support/oracles.js';

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'qfx-test-compilers-'))));
afterAll(() => rm(folder, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

async function write(path: string, text: string): Promise<string> {
  const file = join(folder, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  return file;
}

describe('the choice of a compiler', () => {
  it('takes the one of npm when it is asked for, or when there is no other', async () => {
    expect(await findCompiler('npm')).toMatchObject({
      kind: 'npm',
      version: expect.stringMatching(/^@yowasp\/clang \d/),
    });
    vi.stubEnv('QFX_CXX', 'npm');
    expect(await findCompiler()).toMatchObject({ kind: 'npm' });
    vi.stubEnv('QFX_CXX', '');
    vi.stubEnv('PATH', folder);
    expect(await findCompiler()).toMatchObject({ kind: 'npm' });
  });

  it('takes g++ or clang++ from the path', async (context) => {
    requireOracle(context, findNative());
    vi.stubEnv('QFX_CXX', '');
    expect(await findCompiler()).toMatchObject({ kind: 'native', command: expect.stringMatching(/^(g|clang)\+\+$/) });
  });

  it('refuses a QFX_CXX that is no C++ compiler, saying what is allowed', async () => {
    await expect(findCompiler('/nowhere/g++')).rejects.toThrow(
      /^QFX_CXX=\/nowhere\/g\+\+: it does not run.*allowed: .*npm/s,
    );
    expect(await tryNative(process.execPath)).toMatch(/it compiles no C\+\+/);
  });

  it.skipIf(process.platform === 'win32')('passes over one that has no standard library', async () => {
    const script = '#!/bin/sh\n[ "$1" = --version ] && echo fake 1.0 && exit 0\necho "no <vector>" >&2\nexit 1\n';
    await chmod(await write('fake/g++', script), 0o755);
    vi.stubEnv('QFX_CXX', '');
    vi.stubEnv('PATH', [join(folder, 'fake'), '/bin'].join(delimiter));
    expect(await tryNative('g++')).toBe('it compiles no C++ (no <vector>)');
    const found = await findCompiler();
    expect([found.kind, found.command]).not.toContain('g++');
  });
});

describe('translation units', () => {
  it('depend on the headers that they include, wherever these lie first', async () => {
    const source = await write('units/src/a.cpp', '#include "a.h"\n  # include <lib/b.h>\n#include <vector>\nint a;\n');
    const a = await write('units/src/a.h', '#include "lib/c.h"\n');
    const b = await write('units/include/lib/b.h', '#include "c.h"\n#include "../../src/a.h"\n');
    const c = await write('units/include/lib/c.h', '');
    await write('units/late/lib/b.h', '');
    const root = join(folder, 'units');
    const read = async () => {
      const [unit] = await readTranslationUnits([source], [join(root, 'include'), join(root, 'late')], root);
      return unit;
    };
    const before = await read();
    expect(before.headers).toEqual([a, b, c]);
    await write('units/late/lib/b.h', 'changed');
    expect((await read()).digest).toBe(before.digest);
    await write('units/include/lib/c.h', '// changed');
    expect((await read()).digest).not.toBe(before.digest);
  });

  it('must exist', async () => {
    await expect(readTranslationUnits([join(folder, 'none.cpp')], [], folder)).rejects.toThrow(
      /no such file.*none\.cpp/,
    );
  });
});

describe('the build', () => {
  const program = (root: string, names: readonly string[]) => ({
    root,
    sources: names.map((name) => join(root, name)),
    includeFolders: [],
  });

  it('compiles only what has changed', async (context) => {
    requireOracle(context, findNative());
    const compiler = await findCompiler(requireOracle(context, findNative()));
    await write('program/one.cpp', 'int one() { return 1; }\n');
    await write(
      'program/main.cpp',
      '#include <cstdio>\nint one();\nint main() { return std::printf("%d\\n", one()) < 0; }\n',
    );
    const root = join(folder, 'program');
    const compile = async () => {
      const cache = await BuildCache.open(join(folder, 'cache'), folder);
      const path = await build(compiler, program(root, ['one.cpp', 'main.cpp']), cache);
      await cache.close();
      const lines: string[] = [];
      await runProcess(path, [], { onLine: (line) => lines.push(line) });
      return { path, lines, cached: (await readdir(join(folder, 'cache'))).sort() };
    };
    const first = await compile();
    expect(first.lines).toEqual(['1']);
    expect(first.cached.map((name) => name.replace(/.*\./, '')).sort()).toEqual(['exe', 'o', 'o']);
    const second = await compile();
    expect(second).toEqual(first);
    await write('program/one.cpp', 'int one() { return 2; }\n');
    const third = await compile();
    expect(third.lines).toEqual(['2']);
    expect(third.cached.length).toBe(5);
  });

  it('works where the cache folder cannot be written', async (context) => {
    const compiler = await findCompiler(requireOracle(context, findNative()));
    await write('plain/main.cpp', 'int main() { return 0; }\n');
    const file = await write('plain/file', '');
    const temporary = await mkdtemp(join(folder, 'temporary-'));
    const cache = await BuildCache.open(join(file, 'cache'), temporary);
    const path = await build(compiler, program(join(folder, 'plain'), ['main.cpp']), cache);
    await cache.close();
    expect(dirname(path)).toBe(temporary);
    expect((await runProcess(path, [])).exitStatus).toBe(0);
  });
});

describe('processes', () => {
  it('tell how they ended', async () => {
    const node = (code: string) => runProcess(process.execPath, ['-e', code]);
    expect(await node('console.error("bad"); process.exit(3)')).toMatchObject({ exitStatus: 3, errorText: 'bad\n' });
    expect(await node('process.kill(process.pid, "SIGKILL"); setTimeout(() => {}, 1e4)')).toMatchObject({
      exitStatus: undefined,
      ending: expect.stringContaining('SIGKILL'),
    });
    expect((await runProcess(join(folder, 'none'), [])).ending).toMatch(/ENOENT/);
    const chatty = await node('process.stderr.write("x".repeat(1e6))');
    expect([chatty.exitStatus, chatty.errorText.length]).toEqual([0, 65536]);
  });

  it.skipIf(process.platform === 'win32')('take what they have started with them when they are ended', async () => {
    const marker = join(folder, 'alive');
    const abort = new AbortController();
    const ended = runProcess('/bin/sh', ['-c', `(sleep 1; touch '${marker}') & echo started; wait`], {
      signal: abort.signal,
      startsOthers: true,
      onLine: () => abort.abort(new Error('enough')),
    });
    await expect(ended).rejects.toThrow('enough');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await expect(readFile(marker)).rejects.toThrow('ENOENT');
  });

  it('run in a pool, a failure ends the others and is the one that is thrown', async () => {
    let running = 0;
    let most = 0;
    const task = (value: number) => async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 5));
      running--;
      return value;
    };
    expect(await runPool([1, 2, 3, 4, 5].map(task), 2)).toEqual([1, 2, 3, 4, 5]);
    expect(most).toBe(2);
    const waits = (signal: AbortSignal) =>
      new Promise<number>((_, reject) => signal.addEventListener('abort', () => reject(new Error('echo'))));
    const fails = () => Promise.reject(new Error('cause'));
    await expect(runPool([waits, fails, task(3)], 2)).rejects.toThrow('cause');
  });
});
