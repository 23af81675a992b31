import { chmod, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestContext } from 'vitest';
import { findCompiler, requireOracle } from '../support/oracles.js';
import { tinyNetwork } from './networks.js';
import { expectRefusal, Terminal } from './support.js';

let terminal: Terminal;
const disks: string[] = [];
beforeAll(async () => {
  terminal = await Terminal.open();
  await terminal.save(tinyNetwork({ shape: [28, 28, 1], classes: 10 }));
  await terminal.document(['export-hls', 'graph.safetensors', '--out', 'hls']);
});
afterAll(async () => {
  for (const disk of disks) await execa('umount', [disk]);
  await terminal.close();
});

/** A disk of so many KiB in a folder; mounting one takes Linux and its superuser. */
async function mountDisk(context: TestContext, name: string, kibibytes: number): Promise<string> {
  const disk = terminal.place(name);
  await mkdir(disk);
  const { failed, shortMessage } = await execa('mount', ['-t', 'tmpfs', '-o', `size=${kibibytes}k`, 'tmpfs', disk], {
    reject: false,
  });
  if (failed) return context.skip(`no small disk can be mounted here: ${shortMessage}`);
  disks.push(disk);
  await writeFile(join(disk, 'mine.txt'), 'mine');
  return disk;
}

/** What was there before is there still, and nothing else. */
async function expectOnlyMine(disk: string): Promise<void> {
  expect(await readdir(disk)).toEqual(['mine.txt']);
  expect(await readFile(join(disk, 'mine.txt'), 'utf8')).toBe('mine');
}

/** A run with a network too large for a small disk. */
const run = `
  const part = { images: new Uint8Array(102400), labels: new Uint8Array(100) };
  export default {
    name: 'large',
    data: () => ({ name: 'dark', classes: ['a', 'b'], shape: [32, 32, 1], train: part, test: part, checksum: 'none' }),
    model: ({ tf, layers }) => {
      const q = layers({ weights: { wordLength: 4 }, activations: { wordLength: 4 } });
      const input = q.input({ inputShape: [32, 32, 1], wordLength: 8, binaryPoint: 8 });
      const dense = (name, units) => q.dense({ name, units });
      return tf.sequential({ layers: [input, q.flatten({ name: 'flat' }), dense('wide', 64), dense('classes', 2)] });
    },
    training: { epochs: 1, batchSize: 50 },
  };`;

describe('a full disk is said, and nothing is left half-written:', () => {
  it('export-hls', async (context) => {
    const disk = await mountDisk(context, 'export', 128);
    const ending = await terminal.qfx(['export-hls', 'graph.safetensors', '--out', join(disk, 'deep', 'hls')]);
    expectRefusal(ending, 1, join(disk, 'deep', 'hls'), 'no space left');
    await expectOnlyMine(disk);
  });

  it('csim, for its temporary files', async (context) => {
    requireOracle(context, findCompiler());
    const disk = await mountDisk(context, 'simulation', 128);
    const env = { TMPDIR: disk, TEMP: disk, TMP: disk };
    const vectors = await terminal.qfx(['csim', 'hls', '--images', '2000'], { env });
    expect([vectors.exitCode, vectors.stdout]).toEqual([1, '']);
    expect(vectors.stderr).toMatch(/no space left/i);
    expect(vectors.stderr).not.toMatch(/^\s+at /m);
    await expectOnlyMine(disk);
  });

  it('train', async (context) => {
    const disk = await mountDisk(context, 'training', 128);
    await terminal.write('large.mjs', run);
    const ending = await terminal.qfx(['train', 'large.mjs', '--out', disk]);
    expectRefusal(ending, 1, 'last.safetensors', 'no space left');
    // The log stays, and what was complete; no part of a file does.
    const files = (await readdir(disk, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    for (const { name } of files)
      expect(['mine.txt', 'metrics.jsonl', 'metrics.csv', 'best.safetensors']).toContain(name);
    expect(await readFile(join(disk, 'mine.txt'), 'utf8')).toBe('mine');
  });

  it('init', async (context) => {
    const disk = await mountDisk(context, 'project', 8);
    await writeFile(join(disk, 'mine.txt'), 'mine'.repeat(1000));
    const ending = await terminal.qfx(['init', join(disk, 'net')]);
    expectRefusal(ending, 1, /no space left/);
    expect(await readdir(disk)).toEqual(['mine.txt']);
  });
});

describe.runIf(process.platform === 'linux')('where the system makes no folders it is said, at once:', () => {
  it.each([
    ['train', 'large.mjs', '--out', '/proc/x'],
    ['export-hls', 'graph.safetensors', '--out', '/proc/x/y'],
    ['init', '/proc/x/y'],
  ])('%s', async (...args) => {
    await terminal.write('large.mjs', run);
    const child = terminal.start(args);
    const patience = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), 30_000);
    const { exitCode, stdout, stderr } = await child;
    clearTimeout(patience);
    expectRefusal({ exitCode, stdout, stderr }, 1, '/proc/x', /no such file/);
  });
});

describe('a folder that cannot be written is named:', () => {
  const forbidding = async (context: TestContext): Promise<string> => {
    if (process.platform === 'win32') return context.skip('folders cannot be made read-only here');
    const folder = terminal.place('forbidden');
    await mkdir(folder);
    if (process.getuid?.() !== 0) {
      await chmod(folder, 0o555);
      return folder;
    }
    // The superuser may write anywhere, but not on a disk that is mounted read-only.
    const { failed, shortMessage } = await execa('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', folder], {
      reject: false,
    });
    if (failed) return context.skip(`nothing can be mounted read-only here: ${shortMessage}`);
    disks.push(folder);
    return folder;
  };

  it('export-hls, train, init', async (context) => {
    const folder = await forbidding(context);
    await terminal.write('large.mjs', run);
    const message = /permission denied|read-only|no such file/; // Node's recursive mkdir says the last of EROFS
    const exported = await terminal.qfx(['export-hls', 'graph.safetensors', '--out', join(folder, 'hls')]);
    expectRefusal(exported, 1, join(folder, 'hls'), message);
    expectRefusal(await terminal.qfx(['train', 'large.mjs', '--out', folder]), 1, folder, message);
    expectRefusal(await terminal.qfx(['init', join(folder, 'net')]), 1, folder, message);
    expect(await readdir(folder)).toEqual([]);
  });
});
