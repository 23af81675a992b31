import { randomBytes } from 'node:crypto';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { makeFolders, removeEmptyFolders } from './make-folders.js';

/**
 * Makes a whole folder or nothing: `write` fills a temporary one beside it, which then takes its place. A folder of that name
 * that is there already is replaced, and survives a failure; whether it may be replaced is the caller's business.
 * @throws what `write` or the system throws, after removing what was made
 */
export async function writeWholeFolder(folder: string, write: (partial: string) => Promise<void>): Promise<void> {
  const target = resolve(folder);
  const parent = dirname(target);
  const suffix = randomBytes(4).toString('hex');
  const beside = (kind: string) => join(parent, `.${basename(target)}-${kind}-${suffix}`);
  const partial = beside('partial');
  let firstMade: string | undefined;
  try {
    firstMade = await makeFolders(parent);
    await mkdir(partial);
    await write(partial);
    await replaceFolder(target, partial, beside('previous'));
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    if (firstMade !== undefined) await removeEmptyFolders(parent, firstMade);
    throw error;
  }
}

/** Puts `partial` in the place of `folder`; an older folder of that name survives a failure. */
async function replaceFolder(folder: string, partial: string, previous: string): Promise<void> {
  if (!(await exists(folder))) return rename(partial, folder);
  await rename(folder, previous);
  try {
    await rename(partial, folder);
  } catch (error) {
    await rename(previous, folder);
    throw error;
  }
  await rm(previous, { recursive: true, force: true });
}

/** Whether there is anything of that name. */
export async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
