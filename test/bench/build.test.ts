import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { execa } from 'execa';
import { isNewer } from '../../bench/harness/build.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qfx-build-'));
  await mkdir(join(folder, 'src', 'deep'), { recursive: true });
  for (const file of ['built.js', 'config.json', 'src/deep/source.ts']) await writeFile(join(folder, file), '');
  for (const path of ['config.json', 'src', 'src/deep', 'src/deep/source.ts']) await touch(path, 1000);
  await touch('built.js', 2000);
});
afterEach(() => rm(folder, { recursive: true }));

const touch = (path: string, seconds: number) => utimes(join(folder, path), seconds, seconds);
const isFresh = () => isNewer(join(folder, 'built.js'), [join(folder, 'config.json'), join(folder, 'src')]);

it('a build is fresh until a source changes, comes or goes, or there is none', async () => {
  expect(await isFresh()).toBe(true);
  for (const path of ['config.json', 'src', 'src/deep', 'src/deep/source.ts']) {
    await touch(path, 3000);
    expect(await isFresh(), path).toBe(false);
    await touch(path, 1000);
  }
  await rm(join(folder, 'src/deep/source.ts'));
  expect(await isFresh()).toBe(false);
  await touch('src/deep', 1000);
  expect(await isFresh()).toBe(true);
  await rm(join(folder, 'built.js'));
  expect(await isFresh()).toBe(false);
});

it('help and wrong usage of the benchmarks build nothing', async () => {
  for (const [args, status] of [
    [['--help'], 0],
    [['nothing-like-it'], 2],
  ] as const) {
    const { exitCode, stderr } = await execa('npm', ['run', '--silent', 'bench', '--', ...args], { reject: false });
    expect([exitCode, stderr.includes('building')]).toEqual([status, false]);
  }
});
