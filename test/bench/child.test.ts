import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { childSide } from '../../bench/harness/child.js';
import { peerSide } from '../../bench/harness/peers.js';
import { NotRun } from '../../bench/harness/subject.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qfx-test-bench-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const { signal } = new AbortController();

/** A side that runs a script. */
async function script(text: string) {
  const file = join(folder, 'side.mjs');
  await writeFile(file, text);
  return childSide({ command: process.execPath, args: [file] });
}

describe('a side in a process of its own', () => {
  it('says what it is, measures when asked, and ends', async () => {
    const side = await script(`
      console.log(JSON.stringify({ ready: { versions: 'Peer 1' } }));
      let round = 0;
      process.stdin.on('data', () => console.log(JSON.stringify({ figures: { ms: ++round } })));
    `);
    const open = await side.open(signal);
    expect(open.versions).toBe('Peer 1');
    expect([await open.round(), await open.round()]).toEqual([{ ms: 1 }, { ms: 2 }]);
    await open.close();
  });

  it('may miss something', async () => {
    const side = await script(`console.log(JSON.stringify({ missing: 'no such peer' }));`);
    await expect(side.open(signal)).rejects.toThrow(new NotRun('no such peer'));
  });

  it('fails with its last words, and is no missing peer then', async () => {
    const side = await script(`console.error('out of memory'); process.exit(3);`);
    const error: unknown = await side.open(signal).catch((reason: unknown) => reason);
    expect(error).not.toBeInstanceOf(NotRun);
    expect((error as Error).message).toBe('side.mjs ended (status 3): out of memory');
  });

  it('must not say anything else', async () => {
    const side = await script(`console.log(JSON.stringify({ figures: { ms: 0 } }));`);
    await expect(side.open(signal)).rejects.toThrow('side.mjs says what is no message');
  });
});

describe('a training step of QFX', () => {
  const open = (options: object) => {
    const file = fileURLToPath(new URL('../../bench/sides/training-step.ts', import.meta.url));
    const step = { network: 'resnet8', batchSize: 2, stepsPerRound: 1, backend: 'wasm', numbers: 'quantized' };
    const args = ['--import', 'tsx', file, JSON.stringify({ ...step, ...options })];
    return childSide({ command: process.execPath, args, env: { XDG_CACHE_HOME: folder } }).open(signal);
  };

  it('is not run on a backend that is not set up', async () => {
    await expect(open({ backend: 'node' })).rejects.toThrow(
      new NotRun('the native backend is not set up: qfx setup tfjs-node'),
    );
  });

  it('fails for every other reason', async () => {
    const error: unknown = await open({ shards: 3 }).catch((reason: unknown) => reason);
    expect(error).not.toBeInstanceOf(NotRun);
    expect((error as Error).message).toMatch(/^training-step\.ts ended \(status 1\)/);
  });
});

describe('a peer', () => {
  it('is not run where it is not installed', async () => {
    vi.stubEnv('CI', '').stubEnv('QFX_PEERS', folder);
    onTestFinished(() => void vi.unstubAllEnvs());
    const opened = peerSide('torch', 'torch_step.py').open(signal);
    await expect(opened).rejects.toThrow(NotRun);
    await expect(opened).rejects.toThrow('run bench/setup-peers');
  });

  it('is never run in CI', async () => {
    vi.stubEnv('CI', 'true');
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(peerSide('torch', 'torch_step.py').open(signal)).rejects.toThrow(
      new NotRun('peers are not run in CI'),
    );
  });
});
