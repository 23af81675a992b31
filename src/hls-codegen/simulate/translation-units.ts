import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

/** A C++ source with everything that its object code depends on, as far as it lies in known folders. */
export interface TranslationUnit {
  /** Path of the source. */
  readonly source: string;
  /** Paths of the files that it includes, directly or not, in the order of their first inclusion. */
  readonly headers: readonly string[];
  /** Hexadecimal digest of the contents of all of them, and of their places relative to the root. */
  readonly digest: string;
}

const includeLine = /^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]/gm;

/** Reads each file once. */
class FileReader {
  private readonly contents = new Map<string, Promise<Buffer | undefined>>();

  /** The file's bytes, or undefined when there is none. */
  read(path: string): Promise<Buffer | undefined> {
    let content = this.contents.get(path);
    if (!content) this.contents.set(path, (content = readFile(path).catch(absent)));
    return content;
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT' || error.code === 'ENOTDIR' || error.code === 'EISDIR') return undefined;
  throw error;
}

/**
 * Follows the `#include` lines of sources (also those that the preprocessor would skip) through the include folders.
 * Headers found nowhere are the compiler's own.
 * @param root folder that paths are relative to in the digest, so that a moved project keeps it
 */
export async function readTranslationUnits(
  sources: readonly string[],
  includeFolders: readonly string[],
  root: string,
): Promise<TranslationUnit[]> {
  const reader = new FileReader();
  return Promise.all(sources.map((source) => readTranslationUnit(source, includeFolders, root, reader)));
}

async function readTranslationUnit(
  source: string,
  includeFolders: readonly string[],
  root: string,
  reader: FileReader,
): Promise<TranslationUnit> {
  const digest = createHash('sha256');
  const seen = new Set<string>([source]);
  for (const file of seen) {
    const content = await reader.read(file);
    if (!content)
      throw Object.assign(new Error(`ENOENT: no such file, open '${file}'`), { code: 'ENOENT', syscall: 'open' });
    digest.update(`${relative(root, file).replaceAll('\\', '/')}\n${content.length}\n`).update(content);
    for (const [, quote, name] of content.toString('latin1').matchAll(includeLine)) {
      const folders = quote === '"' ? [dirname(file), ...includeFolders] : includeFolders;
      const header = await findHeader(name, folders, reader);
      if (header) seen.add(header);
    }
  }
  return { source, headers: [...seen].slice(1), digest: digest.digest('hex') };
}

async function findHeader(name: string, folders: readonly string[], reader: FileReader): Promise<string | undefined> {
  for (const folder of folders) {
    const path = join(folder, name);
    if (await reader.read(path)) return path;
  }
  return undefined;
}
