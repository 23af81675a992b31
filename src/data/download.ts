import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { x as unpack } from 'tar';
import { makeFolders } from '../make-folders.js';
import { QfxError } from '../qfx/errors.js';
import type { DataOptions } from './data-set.js';

/** A gzipped tar file somewhere, and how to know that it arrived whole. */
export interface Archive {
  readonly url: string;
  /** Hexadecimal. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** Leading path pieces of the archive's names to leave out. */
  readonly strip: number;
}

/** A server that sends nothing for this long is given up; what arrived is kept. */
const stallMilliseconds = 60_000;

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    (found) => found.size,
    () => 0,
  );
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Appends to `path` what it lacks of the archive; a server that cannot continue starts again from the first byte. */
async function fetchInto(path: string, archive: Archive, options: DataOptions): Promise<void> {
  let received = await sizeOf(path);
  if (received > archive.size) {
    await rm(path);
    received = 0;
  }
  if (received === archive.size) return;
  const stalled = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stalled.signal]) : stalled.signal;
  const giveUp = () => stalled.abort(new QfxError(archive.url, `sent nothing for ${stallMilliseconds / 1000} seconds`));
  let timer = setTimeout(giveUp, stallMilliseconds);
  try {
    const headers: Record<string, string> = received > 0 ? { range: `bytes=${received}-` } : {};
    const response = await fetch(archive.url, { headers, signal });
    if (!response.ok || response.body === null)
      throw new QfxError(archive.url, `the server answered ${response.status} ${response.statusText}`);
    if (response.status !== 206) received = 0;
    const file = await open(path, received === 0 ? 'w' : 'a');
    try {
      for await (const chunk of response.body) {
        clearTimeout(timer);
        timer = setTimeout(giveUp, stallMilliseconds);
        await file.write(chunk);
        received += chunk.length;
        options.onProgress?.({ received, total: archive.size });
      }
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof QfxError || options.signal?.aborted) throw cause;
    const reason =
      cause instanceof Error && cause.cause instanceof Error ? cause.cause.message : (cause as Error).message;
    throw new QfxError(archive.url, `download failed: ${reason}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Downloads an archive, checks its SHA-256 and unpacks it as `folder`, which appears only when it is complete. An
 * interrupted download is kept beside it as `<folder>.tar.gz.part` and continued the next time.
 * Throws QfxError naming the address.
 */
export async function downloadArchive(archive: Archive, folder: string, options: DataOptions = {}): Promise<void> {
  const parent = dirname(folder);
  await makeFolders(parent);
  const partial = `${folder}.tar.gz.part`;
  await fetchInto(partial, archive, options);
  const sha256 = await sha256Of(partial);
  if (sha256 !== archive.sha256) {
    const size = await sizeOf(partial);
    if (size >= archive.size) await rm(partial);
    throw new QfxError(
      archive.url,
      size < archive.size
        ? `the download ended after ${size} of ${archive.size} bytes; try again to continue it`
        : `the download has SHA-256 ${sha256}, expected ${archive.sha256}; it was thrown away`,
    );
  }
  const unpacked = await mkdtemp(`${folder}.unpacking-`);
  try {
    await unpack({ file: partial, cwd: unpacked, strip: archive.strip, strict: true });
    await rm(folder, { recursive: true, force: true });
    await rename(unpacked, folder);
    await rm(partial);
  } finally {
    await rm(unpacked, { recursive: true, force: true });
  }
}
