import { access, constants, mkdtemp, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import envPaths from 'env-paths';
import { makeFolders } from '../../make-folders.js';

/** The oldest results are removed beyond this many bytes. */
const largestCache = 512 * 2 ** 20;
/** Nothing younger than this is removed: another process may be using it. */
const youngestRemoved = 3600e3;

/**
 * Results of compilers by name, where the name is a digest of everything that they depend on. Several processes may use
 * the same folder: a file appears whole or not at all.
 */
export class BuildCache {
  private constructor(
    private readonly folder: string,
    /** A folder for unfinished results; removed by `close`. */
    readonly workFolder: string,
  ) {}

  /**
   * Opens the cache in a folder, by default QFX's in the user's cache folder.
   * @param fallback a temporary folder that serves as the cache where the other can't be written
   */
  static async open(folder: string | undefined, fallback: string): Promise<BuildCache> {
    const wanted = folder ?? join(envPaths('qfx', { suffix: '' }).cache, 'simulation');
    const usable = await makeFolders(wanted)
      .then(() => access(wanted, constants.W_OK))
      .then(() => mkdtemp(join(wanted, 'build-')))
      .catch(() => undefined);
    if (usable) return new BuildCache(wanted, usable);
    return new BuildCache(fallback, await mkdtemp(join(fallback, 'build-')));
  }

  /** The path of a finished result, or undefined. Marks it as used. */
  async find(name: string): Promise<string | undefined> {
    const path = join(this.folder, name);
    const now = new Date();
    return utimes(path, now, now).then(
      () => path,
      () => undefined,
    );
  }

  /** Takes over a result from the work folder; returns its final path. */
  async add(name: string, finished: string): Promise<string> {
    const path = join(this.folder, name);
    try {
      await rename(finished, path);
    } catch (error) {
      // Windows does not replace a file that another process has open; that one has the same contents.
      if (!(await this.find(name))) throw error;
    }
    return path;
  }

  /** Removes unfinished results, and old ones when there are too many. */
  async close(): Promise<void> {
    await rm(this.workFolder, { recursive: true, force: true, maxRetries: 3 });
    await this.removeOld().catch(() => {}); // another process may be removing the same files
  }

  private async removeOld(): Promise<void> {
    const entries = await Promise.all(
      (await readdir(this.folder)).map(async (name) => {
        const path = join(this.folder, name);
        const { size, mtimeMs } = await stat(path);
        return { path, size, age: Date.now() - mtimeMs };
      }),
    );
    entries.sort((a, b) => a.age - b.age);
    let total = 0;
    for (const { path, size, age } of entries) {
      total += size;
      const abandoned = size === 0 || basename(path).startsWith('build-');
      if (age > youngestRemoved && (total > largestCache || abandoned))
        await rm(path, { recursive: true, force: true });
    }
  }
}
