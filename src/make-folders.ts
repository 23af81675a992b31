import { mkdir, rmdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder and the parents that it lacks; returns the first one that was missing, an absolute path. Node's `mkdir`
 * with `recursive` never returns where the system keeps answering that a parent is missing, as in /proc.
 * @throws the system's error, after removing what was made
 */
export async function makeFolders(folder: string): Promise<string | undefined> {
  const path = resolve(folder);
  if (await isFolder(path)) return undefined;
  const first = (await makeFolders(dirname(path))) ?? path;
  try {
    await mkdir(path);
  } catch (error) {
    // Another process was faster.
    if ((error as NodeJS.ErrnoException).code === 'EEXIST' && (await isFolder(path))) return first;
    if (first !== path) await removeEmptyFolders(dirname(path), first);
    throw error;
  }
  return first;
}

/** Removes `folder` and its parents up to `first`, which `makeFolders` returned, as long as they are empty. */
export async function removeEmptyFolders(folder: string, first: string): Promise<void> {
  for (let current = resolve(folder); current.length >= first.length; current = dirname(current)) {
    try {
      await rmdir(current);
    } catch {
      return;
    }
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}
