import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const repository = fileURLToPath(new URL('../..', import.meta.url));

/** What the package is built from. */
const sources = ['src', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts'];

/** Builds the package, whose speed is measured, where it is older than its sources. Throws when it does not build. */
export async function buildPackage(signal?: AbortSignal): Promise<void> {
  if (
    await isNewer(
      join(repository, 'dist', 'package-root.js'),
      sources.map((name) => join(repository, name)),
    )
  )
    return;
  process.stderr.write('building the package\n');
  await execa('npm', ['run', '--silent', 'build'], { cwd: repository, stdio: ['ignore', 2, 2], cancelSignal: signal });
}

/** Whether a file is there, and newer than all others, and than all in folders; a folder is as new as its last removal. */
export async function isNewer(file: string, others: readonly string[]): Promise<boolean> {
  const own = await changedAt(file).catch(() => -Infinity);
  for (const other of others) {
    if ((await changedAt(other)) >= own) return false;
    if (!(await stat(other)).isDirectory()) continue;
    for (const name of await readdir(other, { recursive: true }))
      if ((await changedAt(join(other, name))) >= own) return false;
  }
  return true;
}

async function changedAt(path: string): Promise<number> {
  return (await stat(path)).mtimeMs;
}
