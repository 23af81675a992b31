import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { parseConfiguration } from '../parse-configuration.js';
import { QfxError } from '../qfx/errors.js';
import { validateDataSet } from './data-set.js';
import type { DataLoader, DataSet } from './data-set.js';
import { readDataFile } from './locate.js';

/** What every loader of QFX takes. */
export const commonOptions = {
  /** The data set's name, for provenance; the folder's by default. */
  name: z.string().min(1).optional(),
  /** The classes' names in the order of their labels; by default what the data says. */
  classes: z.array(z.string().min(1)).min(1).optional(),
};

/** Names of classes that are only numbered, from 0 to the largest label. */
export function numberedClasses(labels: ArrayLike<number>): string[] {
  let largest = 0;
  for (let index = 0; index < labels.length; index++) largest = Math.max(largest, labels[index]);
  return Array.from({ length: largest + 1 }, (_, label) => String(label));
}

/** A folder that files are read from; what is read goes into a checksum. */
export class DataFolder {
  private readonly hash = createHash('sha256');

  constructor(
    readonly path: string,
    readonly signal: AbortSignal | undefined,
  ) {}

  /** Where a file of the folder is; `file` is relative to it, with `/`. */
  place(file: string): string {
    return join(this.path, ...file.split('/'));
  }

  /** A whole file. Throws QfxError naming it when it cannot be read or is empty, the signal's reason when aborted. */
  async read(file: string): Promise<Uint8Array> {
    this.signal?.throwIfAborted();
    const bytes = await readDataFile(this.place(file));
    this.hash.update(`${file}\0${bytes.length}\0`).update(bytes);
    return bytes;
  }

  /** SHA-256 (hexadecimal) of all that was read, and of `options`, which decide what becomes of it. */
  checksum(options: unknown): string {
    return this.hash.update(JSON.stringify(options)).digest('hex');
  }
}

/** What a format's file says about it. */
interface Format<Schema extends z.ZodObject> {
  /** The loader's name. */
  readonly name: string;
  readonly schema: Schema;
  /**
   * Reads the data. `found` are options that the data has answered; given once more, they lead to the same integers.
   * @throws QfxError naming the file
   */
  readonly read: (
    folder: DataFolder,
    options: z.output<Schema>,
  ) => Promise<{ set: Pick<DataSet, 'classes' | 'shape' | 'train' | 'test'>; found: Partial<z.output<Schema>> }>;
}

/** A function that makes loaders of one format. */
export type LoaderFactory<Options> = (
  folder: string | URL,
  ...options: object extends Options ? [options?: Options] : [options: Options]
) => DataLoader;

/**
 * The loaders of a format: what they have in common is the folder (relative to the working folder; `DataOptions.folder` takes
 * its place), the checks of options and result, checksum and source.
 */
export function loaderOf<Schema extends z.ZodObject>({
  name: loader,
  schema,
  read,
}: Format<Schema>): LoaderFactory<z.input<Schema>> {
  return (given, ...[input = {}]) => {
    const options = parseConfiguration(schema, input, loader);
    return async ({ folder: other, signal } = {}) => {
      const folder = other ?? (given instanceof URL ? relative('', fileURLToPath(given)) || '.' : given);
      const path = resolve(folder);
      const isFolder = await stat(path).then(
        (entry) => entry.isDirectory(),
        () => false,
      );
      if (!isFolder) throw new QfxError(loader, `no such folder: ${path}`);
      const files = new DataFolder(path, signal);
      const { set, found } = await read(files, options);
      // Checked once more: what the options are, and in which order, must not depend on who gave them.
      const all = parseConfiguration(schema, { ...options, ...found }, loader);
      const name = (all as { name?: string }).name ?? basename(path);
      const source = { loader, folder, options: all };
      return validateDataSet({ name, ...set, checksum: files.checksum(all), source });
    };
  };
}
