import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from 'tar';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { downloadArchive } from '../../src/data/download.js';

describe('download', () => {
  let root: string;
  let bytes: Buffer;
  let requests: { range: string | undefined }[];
  /** How the server misbehaves. */
  let cutAt: number | undefined;
  let ranges: boolean;
  const server = createServer((request, response) => {
    requests.push({ range: request.headers.range });
    const start = ranges ? Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0;
    response.writeHead(start > 0 ? 206 : 200, { 'content-length': bytes.length - start });
    if (cutAt === undefined) response.end(bytes.subarray(start));
    else response.write(bytes.subarray(start, cutAt), () => setTimeout(() => response.destroy(), 50));
  });
  const archive = () => ({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/archive.tar.gz`,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    size: bytes.length,
    strip: 1,
  });

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'qfx-download-'));
    requests = [];
    cutAt = undefined;
    ranges = true;
    await mkdir(join(root, 'batches'));
    await writeFile(join(root, 'batches', 'one.bin'), createHash('sha512').update('noise').digest());
    await create({ gzip: true, cwd: root, file: join(root, 'archive.tar.gz') }, ['batches']);
    bytes = await readFile(join(root, 'archive.tar.gz'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(root, { recursive: true });
  });

  it('unpacks into the folder and leaves nothing else', async () => {
    const received: number[] = [];
    await downloadArchive(archive(), join(root, 'cache', 'set'), {
      onProgress: (progress) => received.push(progress.received),
    });
    expect(await readdir(join(root, 'cache'))).toEqual(['set']);
    expect(await readdir(join(root, 'cache', 'set'))).toEqual(['one.bin']);
    expect(received.at(-1)).toBe(bytes.length);
  });

  it.each([true, false])('continues an interrupted download (server with ranges: %s)', async (withRanges) => {
    ranges = withRanges;
    cutAt = 100;
    const folder = join(root, 'cache', 'set');
    await expect(downloadArchive(archive(), folder)).rejects.toThrow(/download failed/);
    expect(await readdir(join(root, 'cache'))).toEqual(['set.tar.gz.part']);
    cutAt = undefined;
    await downloadArchive(archive(), folder);
    expect(requests.map((request) => request.range)).toEqual([undefined, 'bytes=100-']);
    expect(await readdir(join(root, 'cache'))).toEqual(['set']);
  });

  it('throws away what has the wrong checksum', async () => {
    const folder = join(root, 'cache', 'set');
    const wrong = { ...archive(), sha256: '0'.repeat(64) };
    await expect(downloadArchive(wrong, folder)).rejects.toThrow(/has SHA-256 [0-9a-f]{64}, expected 0{64}/);
    expect(await readdir(join(root, 'cache'))).toEqual([]);
  });
});
