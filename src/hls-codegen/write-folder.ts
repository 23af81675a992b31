import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { QfxError } from '../qfx/errors.js';
import { exists, writeWholeFolder } from '../write-whole-folder.js';
import { parseProjectDescription, projectFileName } from './project-description.js';

/** Contents of a folder: path relative to it, with forward slashes, to text (written as UTF-8) or bytes. */
export type FolderContents = ReadonlyMap<string, string | Uint8Array>;

/** Refuses to replace anything but an emitted project or an empty folder. */
export async function checkReplaceable(folder: string): Promise<void> {
  if (!(await exists(folder))) return;
  if (!(await stat(folder)).isDirectory()) throw new QfxError(folder, 'a file of this name exists; give a folder');
  if ((await readdir(folder)).length === 0) return;
  const file = join(folder, projectFileName);
  const refusal = 'the folder exists and is not an emitted QFX project; it is left alone, give another one';
  if (!(await exists(file))) throw new QfxError(folder, `${refusal} (it has no ${projectFileName})`);
  try {
    parseProjectDescription(await readFile(file, 'utf8'), file);
  } catch (error) {
    throw new QfxError(folder, `${refusal} (${(error as Error).message})`, { cause: error });
  }
}

async function writeContents(folder: string, contents: FolderContents): Promise<void> {
  for (const [path, content] of contents) {
    const file = join(folder, ...path.split('/'));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
  }
}

/**
 * Writes a whole project folder or nothing: the contents go to a temporary folder beside `folder`, which then takes its
 * place. An emitted project that is there already is replaced as a whole; anything else is refused and left alone.
 * @throws QfxError naming the folder, with the system's reason (no space, no permission, ...)
 */
export async function writeProjectFolder(folder: string, contents: FolderContents): Promise<void> {
  const target = resolve(folder);
  await checkReplaceable(target);
  try {
    await writeWholeFolder(target, (partial) => writeContents(partial, contents));
  } catch (error) {
    throw new QfxError(folder, `cannot write the project (${(error as Error).message})`, { cause: error });
  }
}
