import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { create } from 'tar';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  buildRecipe,
  locateInstallation,
  operationSources,
  packages,
  tensorflow,
  thisPlatform,
} from '../../../src/autograd/native/installation.js';
import type { Installation } from '../../../src/autograd/native/installation.js';
import { setUpTfjsNode } from '../../../src/autograd/native/setup.js';

/** The tools below bring other files than the real ones: these are pinned instead. */
vi.mock(import('../../../src/autograd/native/installation.js'), async (load) => {
  const original = await load();
  const pins = Object.entries(original.packages).map(([key, pinned]) => [key, { ...pinned }] as const);
  return {
    ...original,
    tensorflow: { ...original.tensorflow, sha256: sha256('wheel\n') as never, kept: { files: 3, bytes: 15 } as never },
    packages: Object.fromEntries(pins) as unknown as typeof original.packages,
  };
});
/** What the compiler below writes works. */
vi.mock(import('../../../src/autograd/native/check.js'), () => ({
  checkBinding: async (binding) => {
    const text = await readFile(binding, 'utf8').catch(String);
    return text === 'binding\n' ? undefined : 'it is broken';
  },
}));

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Stands for every tool where a test does not say otherwise. */
const willing = 'exit 0';

/** A shell loop that does something with the value of an option. */
const withOption = (option: string, command: string) =>
  `while [ $# -gt 0 ]; do if [ "$1" = ${option} ]; then ${command}; fi; shift; done`;

let downloads: string;
let folder: string;
let bin: string;
let installation: Installation;

beforeAll(async () => {
  downloads = await mkdtemp(join(tmpdir(), 'qfx-downloads-'));
  await mkdir(join(downloads, 'package'));
  await writeFile(join(downloads, 'package', 'package.json'), '{}');
  await create({ file: join(downloads, 'package.tgz'), cwd: downloads, gzip: true }, ['package']);
  const found = sha256(await readFile(join(downloads, 'package.tgz')));
  for (const pinned of Object.values(packages)) Object.assign(pinned, { sha256: found });
});
afterAll(() => rm(downloads, { recursive: true }));

beforeEach(async () => {
  const root = await mkdtemp(join(tmpdir(), 'qfx-setup-'));
  [folder, bin] = [join(root, 'cache'), join(root, 'bin')];
  installation = locateInstallation(folder);
  await mkdir(bin);
  vi.stubEnv('PATH', bin);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  vi.useRealTimers();
  await rm(dirname(folder), { recursive: true });
});

/** Puts shell scripts on the path, which holds nothing else. */
async function provide(scripts: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(bin, name), `#!/bin/sh\n${script}\n`);
    await chmod(join(bin, name), 0o755);
  }
}

/** Tools that do their work: small files in place of large ones. */
async function provideWorking(): Promise<void> {
  const library = ['echo cc > libtensorflow_cc.so.2', 'echo framework > libtensorflow_framework.so.2'];
  const unpack = ['/bin/mkdir -p "$4/tensorflow/include"', 'cd "$4/tensorflow"', ...library, 'echo h > include/c.h'];
  await provide({
    python3: `if [ "$1" = -c ]; then ${unpack.join('; ')}; exit; fi\n${withOption('--dest', 'echo wheel > "$2/wheel"')}`,
    npm: withOption('--pack-destination', `/bin/cp "${downloads}/package.tgz" "$2"`),
    'g++': `for flag; do echo "$flag"; done > "${bin}/flags"\n${withOption('-o', 'echo binding > "$2"')}`,
  });
}

const setUp = (options = {}) => setUpTfjsNode({ folder, platform: 'linux-x64', ...options });

/** Everything is there and in order, and nothing else. */
async function expectComplete(): Promise<void> {
  const { library, build, binding } = installation;
  expect((await readdir(folder)).sort()).toEqual([basename(build), basename(library)].sort());
  expect(await readFile(binding, 'utf8')).toBe('binding\n');
  expect(await readFile(join(library, 'libtensorflow_cc.so.2'), 'utf8')).toBe('cc\n');
  expect(await readFile(join(library, 'libtensorflow_framework.so.2'), 'utf8')).toBe('framework\n');
}

describe('the set-up of the native backend, without network', () => {
  it.each(['darwin-arm64', 'linux-arm64', 'linux-x64-musl', 'win32-x64'])('refuses %s', async (platform) => {
    await expect(setUp({ platform })).rejects.toThrow(
      `tfjs-node: is for linux-x64 with glibc only, this is ${platform}`,
    );
    await expect(readdir(folder)).rejects.toThrow('ENOENT');
  });

  it.runIf(process.platform === 'linux')('refuses a machine without glibc', async () => {
    expect(thisPlatform()).toMatch(/^linux-\w+(-musl)?$/);
    vi.spyOn(process.report, 'getReport').mockReturnValue({ header: {} } as never);
    expect(thisPlatform()).toBe(`linux-${process.arch}-musl`);
    await expect(setUp({ platform: undefined })).rejects.toThrow(/with glibc only, this is linux-\w+-musl/);
  });

  it('names a missing tool and how to get it, before it downloads anything', async () => {
    await expect(setUp()).rejects.toThrow(/python3 is not on the path: install python3 python3-pip/);
    await provide({ python3: 'echo "/usr/bin/python3: No module named pip" >&2; exit 1' });
    await expect(setUp()).rejects.toThrow(/python3 has no pip: install python3 python3-pip/);
    await provide({ python3: willing });
    await expect(setUp()).rejects.toThrow(/npm is not on the path: it comes with Node/);
    await provide({ npm: willing });
    await expect(setUp()).rejects.toThrow(/g\+\+ is not on the path: install g\+\+/);
    expect(await readdir(folder)).toEqual([]);
  });

  it('says what a tool said that fails', async () => {
    await provide({ python3: 'echo "no such index" >&2; exit 3', npm: willing, 'g++': willing });
    await expect(setUp()).rejects.toThrow(/python3 -m pip .* failed \(exit status 3\):\nno such index/);
  });

  it('throws a download with another checksum away', async () => {
    await provideWorking();
    await provide({ npm: withOption('--pack-destination', 'echo other > "$2/package.tgz"') });
    const { tfjsNode } = packages;
    const expected = `has SHA-256 ${sha256('other\n')}, expected ${tfjsNode.sha256}; it was thrown away`;
    await expect(setUp()).rejects.toThrow(`@tensorflow/tfjs-node 4.22.0 ${expected}`);
    expect(await readdir(folder)).toEqual(['tensorflow-2.14.1']);
    await rm(folder, { recursive: true });
    await provide({ python3: withOption('--dest', 'echo other > "$2/wheel"') });
    await expect(setUp()).rejects.toThrow(/tensorflow-cpu 2\.14\.1 has SHA-256 [0-9a-f]{64}, expected/);
    expect(await readdir(folder)).toEqual([]);
  });

  it('does not keep what is compiled and does not work', async () => {
    await provideWorking();
    await provide({ 'g++': withOption('-o', 'echo other > "$2"') });
    await expect(setUp()).rejects.toThrow(/is compiled and does not work: it is broken/);
    expect(await readdir(folder)).toEqual(['tensorflow-2.14.1']);
  });

  it('ends at once when it is interrupted, and leaves nothing behind', async () => {
    await provide({ python3: 'case "$*" in *download*) exec /bin/sleep 60;; esac', npm: willing, 'g++': willing });
    const controller = new AbortController();
    const stages: string[] = [];
    const onProgress = (stage: string) => {
      stages.push(stage);
      setTimeout(() => controller.abort(new Error('enough')), 200);
    };
    await expect(setUp({ signal: controller.signal, onProgress })).rejects.toThrow('enough');
    expect(stages).toEqual(['download']);
    expect(await readdir(folder)).toEqual([]);
  });

  it('makes everything once; after that only a check is left, which needs no tools', async () => {
    await provideWorking();
    expect(await setUp()).toMatchObject({ changed: true, installation });
    await expectComplete();
    await rm(bin, { recursive: true });
    const stages: string[] = [];
    const onProgress = (stage: string) => void stages.push(stage);
    expect(await setUp({ onProgress })).toMatchObject({ changed: false, installation });
    expect(stages).toEqual(['check']);
  });

  it.each<[string, ('library' | 'build')[], (installation: Installation) => Promise<unknown>]>([
    ['a build without its binding', ['build'], ({ binding }) => rm(binding)],
    ['a binding that does not work', ['build'], ({ binding }) => writeFile(binding, '')],
    ['a library that was cut off', ['library'], ({ library }) => truncate(join(library, 'libtensorflow_cc.so.2'), 1)],
    ['a library without its headers', ['library'], ({ library }) => rm(join(library, 'include'), { recursive: true })],
    [
      'both',
      ['library', 'build'],
      async ({ library, binding }) => {
        await rm(join(library, 'libtensorflow_framework.so.2'));
        await writeFile(binding, 'damaged');
      },
    ],
  ])('repairs %s', async (_title, parts, damage) => {
    await provideWorking();
    await setUp();
    const before = await stat(installation.build);
    await damage(installation);
    expect(await setUp()).toMatchObject({ changed: true });
    await expectComplete();
    expect((await stat(installation.build)).ino !== before.ino).toBe(parts.includes('build'));
    expect(await setUp()).toMatchObject({ changed: false });
  });

  it('removes what a process left behind that was killed, and nothing that another one works on', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    await provideWorking();
    const compile = withOption('-o', 'echo binding > "$2"');
    await provide({
      'g++': `case "$*" in *-o*) until [ -e "${bin}/go" ]; do /bin/sleep 0.05; done;; esac\n${compile}`,
    });
    const age = (path: string) => stat(path).then(({ mtimeMs }) => Date.now() - mtimeMs);
    const start = async () => {
      let end: Promise<unknown> = Promise.resolve();
      await new Promise<void>((resolve, reject) => {
        end = setUp({ onProgress: (stage: string) => stage === 'compile' && resolve() });
        end.catch(reject);
      });
      return end;
    };
    const first = start();
    await vi.waitFor(async () => expect(await readdir(folder)).toHaveLength(3), 10_000);
    await mkdir(join(folder, 'work-killed'));
    const old = new Date(Date.now() - 2 * 3600e3);
    const folders = (await readdir(folder))
      .filter((name) => name.startsWith('work-'))
      .map((name) => join(folder, name));
    expect(folders).toHaveLength(3);
    for (const path of folders) await utimes(path, old, old);
    vi.advanceTimersByTime(60e3);
    const isFresh = async (path: string) => (await age(path)) < 3600e3;
    await vi.waitFor(async () => expect((await Promise.all(folders.map(isFresh))).filter(Boolean)).toHaveLength(2));
    const second = start();
    await vi.waitFor(async () => expect(await readdir(folder)).not.toContain('work-killed'), 10_000);
    await vi.waitFor(async () => expect(await readdir(folder)).toHaveLength(5), 10_000);
    await writeFile(join(bin, 'go'), '');
    expect(await Promise.all([first, second])).toMatchObject([{ changed: true }, { changed: true }]);
    await expectComplete();
  });

  it.each(['nothing', 'damaged parts'])('ends well twice at the same time, where there is %s', async (before) => {
    await provideWorking();
    if (before === 'damaged parts') {
      for (const path of [installation.library, installation.build]) {
        await mkdir(path, { recursive: true });
        await writeFile(join(path, 'other'), '');
      }
    }
    for (const { changed } of await Promise.all([setUp(), setUp(), setUp()])) expect(changed).toBe(true);
    await expectComplete();
  });
});

describe('the name of a build', () => {
  it('depends on all that is compiled, on the flags, and on what lies beside it', async () => {
    await provideWorking();
    await setUp();
    const recipe = buildRecipe();
    const expectPart = (text: string) => expect(recipe).toContain(JSON.stringify(text).slice(1, -1));
    const flags = (await readFile(join(bin, 'flags'), 'utf8')).trim().split('\n');
    const output = flags.indexOf('-o');
    const decisive = flags.slice(0, output).filter((flag) => flag !== '-isystem' && basename(flag) !== 'include');
    expect(decisive.length).toBeGreaterThan(20);
    for (const flag of decisive) expectPart(flag.startsWith('/') ? basename(flag) : flag);
    for (const name of ['tfjs', 'tfjs-core'])
      expectPart(await readFile(join(installation.build, 'node_modules', '@tensorflow', name, 'index.js'), 'utf8'));
    for (const source of operationSources()) expectPart(await readFile(source, 'utf8'));
    expect(basename(installation.build)).toBe(`build-${sha256(recipe).slice(0, 16)}`);
    expect(tensorflow.version).toBe('2.14.1');
  });
});
